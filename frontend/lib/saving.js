// @ts-check
/** Files that the page itself makes: what they are called, and how they reach the disk. Nothing goes over the network. */

/** The address of a file that was handed over may go after so long. */
const KEPT_MS = 60_000;

/**
 * `<run>-<chart>-<from>-<to>.png`: letters, digits and a few signs, whatever the chart is called.
 * @param {string} run
 * @param {string} chart
 * @param {number[]} steps
 * @param {string} ending
 */
export function fileName(run, chart, steps, ending) {
  const parts = [run, chart, ...steps.map((step) => String(Math.round(step)))];
  return `${parts.map((part) => part.replace(/[^A-Za-z0-9_.]+/g, '_').replace(/^[_.]+|_+$/g, '')).filter((part) => part !== '').join('-')}.${ending}`;
}

/**
 * @param {string} name
 * @param {Blob} content
 */
export function save(name, content) {
  const address = URL.createObjectURL(content);
  saveFrom(name, address);
  window.setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

/**
 * @param {string} name
 * @param {string} address of our own: of this server, blob: or data:
 */
export function saveFrom(name, address) {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/**
 * @param {string} base64
 * @param {string} type
 */
export function blobOf(base64, type) {
  return new Blob([bytesOf(base64)], { type });
}

/** @param {string} base64 */
export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}
