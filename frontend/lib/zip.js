// @ts-check
/** Puts files into a zip without compressing them: pictures are compressed already. No drawing. */

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Names are UTF-8. */
const UTF8 = 0x0800;
const VERSION = 20;
/** 1 January 1980: what a zip has for a file without a date. */
const DATE = 0x21;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** @param {Uint8Array} bytes @returns {number} CRC-32, as zip and PNG have it */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) value = TABLE[(value ^ bytes[index]) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * @param {{name: string, content: Blob}[]} files
 * @param {(done: number) => void} [onFile] how many have been read
 * @returns {Promise<Blob>}
 */
export async function zipped(files, onFile = () => {}) {
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {BlobPart[]} */
  const directory = [];
  let offset = 0;
  let directoryBytes = 0;
  for (const [index, { name, content }] of files.entries()) {
    const encoded = new TextEncoder().encode(name);
    const about = { crc: crc32(new Uint8Array(await content.arrayBuffer())), size: content.size, name: encoded.length };
    parts.push(header(LOCAL, about), encoded, content);
    directory.push(header(CENTRAL, { ...about, offset }), encoded);
    offset += 30 + encoded.length + content.size;
    directoryBytes += 46 + encoded.length;
    onFile(index + 1);
  }
  return new Blob([...parts, ...directory, ending(files.length, directoryBytes, offset)], { type: 'application/zip' });
}

/**
 * What stands before a file, or, with an offset, in the directory.
 * @param {number} signature
 * @param {{crc: number, size: number, name: number, offset?: number}} about
 */
function header(signature, { crc, size, name, offset }) {
  const isCentral = offset !== undefined;
  const view = new DataView(new ArrayBuffer(isCentral ? 46 : 30));
  view.setUint32(0, signature, true);
  if (isCentral) view.setUint16(4, VERSION, true);
  const at = isCentral ? 6 : 4;
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, UTF8, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name, true);
  if (isCentral) view.setUint32(42, offset, true);
  return view.buffer;
}

/** @param {number} n @param {number} bytes of the directory @param {number} offset where it begins */
function ending(n, bytes, offset) {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, END, true);
  view.setUint16(8, n, true);
  view.setUint16(10, n, true);
  view.setUint32(12, bytes, true);
  view.setUint32(16, offset, true);
  return view.buffer;
}
