// @ts-check
/**
 * The collapse picture: a matrix's spectrum over steps, each look a column of σᵢ/σ₁ from the largest down. A healthy
 * layer's columns fade slowly; in a spectral collapse all but the first few go dark. After SR-GAN (Liu et al. 2019,
 * arXiv:1908.08342, figure 2), which draws the same numbers as curves.
 *
 * A column reaches from its look to the next one. Columns that are not finite are marked by a cross and counted.
 */

import { integer, number } from '../lib/format.js';
import { cutLooks, hiddenNote, MARGIN, nonfiniteNote, plotLayout, stepAxis, valueAxis } from '../lib/plot_layout.js';

/** More rows than this are thinner than a pixel or two: rows in between are left out. */
const MOST_ROWS = 96;
/** On a log scale all below this share of σ₁ has the last colour. */
const FLOOR = 1e-4;
/** Width of an only look, as a share of the plot. */
const LONE = 0.02;

/**
 * @typedef {import('../lib/looks.js').Look} Look
 *
 * @typedef {object} Cells what is painted between the axes: Plotly's own heatmap sets styles, which the policy refuses
 * @property {number[]} edges steps at which columns begin, and where the last one ends
 * @property {number} rows
 * @property {Uint8ClampedArray} pixels red, green, blue, opacity of each cell, row by row from the largest value down
 * @property {(number | null)[][]} shares σᵢ/σ₁ by row and column, or its logarithm; null where there is none to draw
 */

/**
 * @param {Look[]} looks of a spectrum, ascending
 * @param {import('../lib/plot_layout.js').Options & {role: string}} options
 * @returns {import('../lib/plot_layout.js').Figure & {cells: Cells}}
 */
export function figure(looks, options) {
  const { colours, role, log = false, ranges, width } = options;
  const seen = thin(cutLooks(looks, ranges.x), Math.max(1, width - MARGIN.l - MARGIN.r));
  const n = Math.max(0, ...seen.map(({ body }) => body.values.length));
  const stride = Math.max(1, Math.ceil(n / MOST_ROWS));
  const rows = Array.from({ length: Math.ceil(n / stride) }, (_, row) => row * stride);
  const columns = seen.map(({ body }) => normalised(body.values));
  const shares = rows.map((row) => columns.map((column) => share(column[row], log)));
  const lost = seen.map(({ step }, index) => ({ step, count: columns[index].filter((value) => !Number.isFinite(value)).length })).filter(({ count }) => count > 0);
  const axis = { ...valueAxis({ ...options, ranges: { ...ranges, y: [Math.max(rows.length * stride, 1) + 0.5, 0.5] } }, 'y'), showgrid: false };
  return {
    data: seen.length === 0 ? [] : [pointers(seen, n), ...(lost.length > 0 ? [crosses(lost.map(({ step }) => step), colours)] : [])],
    layout: { ...plotLayout(options, stepAxis(options), axis, { x: '', y: 'index' }), hovermode: 'x' },
    cells: { edges: edges(seen.map(({ step }) => step), ranges.x), rows: rows.length, pixels: painted(shares, ramp(colours, role), log), shares },
    notes: [
      ...nonfiniteNote(lost.reduce((sum, { count }) => sum + count, 0), lost[lost.length - 1]?.step ?? null),
      ...hiddenNote(log ? columns.flat().filter((value) => value <= 0).length : 0),
    ],
    caption: caption(seen, n, stride),
  };
}

/** σᵢ/σ₁; all NaN where σ₁ is not a number above 0, since nothing can be a share of it. @param {number[]} values */
function normalised(values) {
  const [first] = values;
  return values.map((value) => (Number.isFinite(first) && first > 0 ? value / first : NaN));
}

/** @param {number | undefined} value @param {boolean} log */
function share(value, log) {
  if (value === undefined || !Number.isFinite(value) || (log && value <= 0)) return null;
  return log ? Math.log10(value) : value;
}

/** Where columns begin, and where the last one ends: as wide as the one before it. @param {number[]} steps @param {[number, number]} range */
function edges(steps, [from, to]) {
  if (steps.length === 0) return [];
  const last = steps[steps.length - 1];
  return [...steps, last + (steps.length > 1 ? last - steps[steps.length - 2] : (to - from) * LONE)];
}

/** At most one look a pixel, spread evenly, the last among them. @param {Look[]} looks @param {number} most */
function thin(looks, most) {
  const stride = Math.ceil(looks.length / most);
  return stride <= 1 ? looks : looks.filter((_, index) => (looks.length - 1 - index) % stride === 0);
}

/** From 0 to σ₁ in luminance alone, through the player's colour. @param {import('../lib/theme.js').Colours} colours @param {string} role */
export function ramp({ line, text, roles }, role) {
  return [line, roles[role], text];
}

/**
 * The cells' colours; nothing where there is nothing to draw.
 * @param {(number | null)[][]} shares
 * @param {string[]} stops
 * @param {boolean} log
 */
function painted(shares, stops, log) {
  const colours = stops.map((colour) => (colour.match(/[\d.]+/g) ?? ['0', '0', '0']).slice(0, 3).map(Number));
  const cells = shares.flat();
  const pixels = new Uint8ClampedArray(cells.length * 4);
  cells.forEach((value, index) => {
    if (value === null) return;
    const place = Math.min(1, Math.max(0, log ? 1 - value / Math.log10(FLOOR) : value)) * (colours.length - 1);
    const stop = Math.min(Math.floor(place), colours.length - 2);
    const mix = colours[stop].map((part, which) => part + (colours[stop + 1][which] - part) * (place - stop));
    pixels.set([...mix, 255], index * 4);
  });
  return pixels;
}

/** What is said of a look where the mouse is. @param {Look[]} seen @param {number} n */
function pointers(seen, n) {
  return {
    type: 'scatter', mode: 'markers', x: seen.map(({ step }) => step), y: seen.map(() => (n + 1) / 2), marker: { opacity: 0, size: 1 },
    customdata: seen.map(({ body }) => [number(body.values[0]), body.values.filter((/** @type {number} */ value) => value > body.values[0] / 2).length]),
    hovertemplate: 'σ₁ %{customdata[0]}, %{customdata[1]} above σ₁/2<extra></extra>',
  };
}

/** @param {number[]} steps @param {import('../lib/theme.js').Colours} colours */
function crosses(steps, { roles }) {
  return {
    type: 'scatter', mode: 'markers', x: steps, y: steps.map(() => 1), cliponaxis: false, marker: { symbol: 'x', size: 8, color: roles.extra2 }, hoverinfo: 'skip',
  };
}

/** @param {Look[]} seen @param {number} n @param {number} stride */
function caption(seen, n, stride) {
  if (seen.length === 0) return '';
  const looks = seen.length === 1 ? `one look so far, at step ${integer(seen[0].step)}` : `${integer(seen.length)} looks`;
  return `${looks} · ${integer(n)} singular values${stride > 1 ? `, each ${stride}th drawn` : ''}`;
}
