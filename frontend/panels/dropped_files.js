// @ts-check
/** What was dropped, folders walked through: each file with the folders that it lies in. */

/** @typedef {import('../lib/own_images.js').Named} Named */

/** @param {DataTransfer} transfer @returns {Promise<Named[]>} */
export async function dropped(transfer) {
  // The entries must be taken before anything is awaited: the browser forgets them after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ name: file.name, content: file }));
  return (await Promise.all(entries.map((entry) => walked(/** @type {FileSystemEntry} */ (entry), '')))).flat();
}

/** @param {FileSystemEntry} entry @param {string} above @returns {Promise<Named[]>} */
async function walked(entry, above) {
  const name = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [{ name, content: /** @type {Blob} */ (file) }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Named[]} */
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found; // the browser gives a hundred at a time
    for (const each of some) found.push(...(await walked(each, `${name}/`)));
  }
}
