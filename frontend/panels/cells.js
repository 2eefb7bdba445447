// @ts-check
/** The cells of a spectrum over steps, painted between the axes of a plot: Plotly's own heatmap sets styles, which the policy refuses. */

/**
 * Each column from its step to the next one's.
 * @param {HTMLCanvasElement} canvas
 * @param {import('../charts/heatmap.js').Cells} cells
 * @param {Record<string, any>} layout
 * @param {number} ratio device pixels to one of the layout's
 */
export function paintCells(canvas, { edges, rows, pixels }, { width, height, margin, xaxis: { range: [from, to] } }, ratio) {
  const [across, down] = [Math.max(1, width - margin.l - margin.r), Math.max(1, height - margin.t - margin.b)];
  [canvas.width, canvas.height] = [Math.round(across * ratio), Math.round(down * ratio)];
  const columns = edges.length - 1;
  const context = canvas.getContext('2d');
  if (context === null || columns < 1 || rows < 1) return;
  const small = new OffscreenCanvas(columns, rows);
  small.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(pixels), columns, rows), 0, 0);
  context.imageSmoothingEnabled = false;
  const place = (/** @type {number} */ step) => Math.round(((step - from) / (to - from)) * canvas.width);
  for (let column = 0; column < columns; column += 1) {
    const left = place(edges[column]);
    context.drawImage(small, column, 0, 1, rows, left, 0, Math.max(1, place(edges[column + 1]) - left), canvas.height);
  }
}

/**
 * The same as a picture under a plot that goes into a file.
 * @param {import('../charts/heatmap.js').Cells} cells
 * @param {Record<string, any>} layout
 */
export function cellsImage(cells, layout) {
  const canvas = document.createElement('canvas');
  paintCells(canvas, cells, layout, 2);
  return { source: canvas.toDataURL('image/png'), xref: 'paper', yref: 'paper', x: 0, y: 1, sizex: 1, sizey: 1, xanchor: 'left', yanchor: 'top', sizing: 'stretch', layer: 'below' };
}
