// @ts-check
/** D's surface under the points of the 2-D view, painted on a canvas. */

/** @param {CanvasRenderingContext2D} context @param {{rows: number, columns: number, pixels: Uint8ClampedArray}} field @param {number} size */
export function paintField(context, { rows, columns, pixels }, size) {
  const small = new OffscreenCanvas(columns, rows);
  const image = new ImageData(new Uint8ClampedArray(pixels), columns, rows);
  small.getContext('2d')?.putImageData(image, 0, 0);
  context.globalAlpha = 0.55;
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, size, size);
  context.globalAlpha = 1;
}

/** @param {string} colour as computed styles have it: rgb(1, 2, 3) @returns {[number, number, number]} */
export function rgb(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? ['0', '0', '0']).map(Number);
  return [r, g, b];
}
