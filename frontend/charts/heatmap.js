// @ts-check
/**
 * The collapse picture: a matrix's spectrum over steps, each look a column of σᵢ/σ₁ from the largest down. A healthy
 * layer's columns fade slowly; in a spectral collapse all but the first few go dark. After SR-GAN (Liu et al. 2019,
 * arXiv:1908.08342, figure 2), which draws the same numbers as curves.
 *
 * A column reaches from its look to the next one. Columns that are not finite are marked by a cross and counted.
 */

import { integer } from '../lib/format.js';
import { cutLooks, hiddenNote, nonfiniteNote, plotLayout, stepAxis, valueAxis } from '../lib/plot_layout.js';

/** More rows than this are thinner than a pixel or two: rows in between are left out. */
const MOST_ROWS = 96;
/** On a log scale all below this share of σ₁ has the last colour. */
const FLOOR = 1e-4;
const MARGIN = { r: 50 };
/** Width of an only look, as a share of the plot. */
const LONE = 0.02;

/**
 * @typedef {import('../lib/looks.js').Look} Look
 */

/**
 * @param {Look[]} looks of a spectrum, ascending
 * @param {import('../lib/plot_layout.js').Options & {role: string}} options
 * @returns {import('../lib/plot_layout.js').Figure}
 */
export function figure(looks, options) {
  const { colours, role, log = false, ranges, width } = options;
  const seen = thin(cutLooks(looks, ranges.x), Math.max(1, width - 98));
  const n = Math.max(0, ...seen.map(({ body }) => body.values.length));
  const stride = Math.max(1, Math.ceil(n / MOST_ROWS));
  const rows = Array.from({ length: Math.ceil(n / stride) }, (_, row) => row * stride);
  const columns = seen.map(({ body }) => normalised(body.values));
  const count = { broken: 0, hidden: 0, last: /** @type {number | null} */ (null) };
  columns.forEach((column, index) => {
    const broken = column.filter((value) => !Number.isFinite(value)).length;
    if (broken > 0) count.last = seen[index].step;
    count.broken += broken;
    if (log) count.hidden += column.filter((value) => value <= 0).length;
  });
  const z = rows.map((row) => columns.map((column) => shade(column[row], log)));
  const drawn = {
    type: 'heatmap', x: edges(seen.map(({ step }) => step), ranges.x), y: [...rows.map((row) => row + 0.5), n + 0.5], z,
    zmin: log ? Math.log10(FLOOR) : 0, zmax: log ? 0 : 1, zsmooth: false, colorscale: ramp(colours, role), hoverongaps: false,
    hovertemplate: `σ<sub>%{y:.0f}</sub>/σ₁ = ${log ? '10<sup>%{z:.2f}</sup>' : '%{z:.3~g}'}<extra></extra>`,
    colorbar: {
      thickness: 8, outlinewidth: 0, x: 1.02, xpad: 0, ypad: 0, len: 1, tickfont: { size: 12, color: colours.meta }, title: { text: 'σ/σ₁', font: { size: 12, color: colours.meta } },
      ...(log ? { tickvals: [0, -1, -2, -3, -4], ticktext: ['1', '0.1', '0.01', '10<sup>−3</sup>', '≤10<sup>−4</sup>'] } : { tickvals: [0, 0.5, 1], ticktext: ['0', '0.5', '1'] }),
    },
  };
  const lost = seen.filter((_, index) => columns[index].some((value) => !Number.isFinite(value))).map(({ step }) => step);
  const axis = { ...valueAxis({ ...options, ranges: { ...ranges, y: [Math.max(n, 1) + 0.5, 0.5] } }, 'y', 'index', false), showgrid: false };
  return {
    data: seen.length === 0 ? [] : [drawn, ...(lost.length > 0 ? [crosses(lost, colours)] : [])],
    layout: plotLayout(options, stepAxis(options), axis, MARGIN),
    notes: [...nonfiniteNote(count.broken, count.last), ...hiddenNote(count.hidden)],
    caption: caption(seen, n, stride),
  };
}

/** σᵢ/σ₁; all NaN where σ₁ is not a number above 0, since nothing can be a share of it. @param {number[]} values */
function normalised(values) {
  const [first] = values;
  return values.map((value) => (Number.isFinite(first) && first > 0 ? value / first : NaN));
}

/** @param {number | undefined} share @param {boolean} log */
function shade(share, log) {
  if (share === undefined || !Number.isFinite(share) || (log && share <= 0)) return null;
  return log ? Math.log10(share) : share;
}

/** Where columns begin, and where the last one ends: as wide as the one before it. @param {number[]} steps @param {[number, number]} range */
function edges(steps, [from, to]) {
  if (steps.length === 0) return [];
  const last = steps[steps.length - 1];
  const width = steps.length > 1 ? last - steps[steps.length - 2] : (to - from) * LONE;
  return [...steps, last + Math.max(width, 1e-9)];
}

/** At most one look a pixel, spread evenly, the last among them. @param {Look[]} looks @param {number} most */
function thin(looks, most) {
  const stride = Math.ceil(looks.length / most);
  return stride <= 1 ? looks : looks.filter((_, index) => (looks.length - 1 - index) % stride === 0);
}

/** Dark to bright (or bright to dark) in luminance alone, through the player's colour. @param {import('../lib/theme.js').Colours} colours @param {string} role */
function ramp({ line, text, roles }, role) {
  return [[0, line], [0.5, roles[role]], [1, text]];
}

/** @param {number[]} steps @param {import('../lib/theme.js').Colours} colours */
function crosses(steps, { roles }) {
  return {
    type: 'scatter', mode: 'markers', x: steps, y: steps.map(() => 1), cliponaxis: false,
    marker: { symbol: 'x', size: 8, color: roles.extra2 }, hovertemplate: 'not finite<extra></extra>',
  };
}

/** @param {Look[]} seen @param {number} n @param {number} stride */
function caption(seen, n, stride) {
  if (seen.length === 0) return '';
  const looks = seen.length === 1 ? `one look so far, at step ${integer(seen[0].step)}` : `${integer(seen.length)} looks`;
  return `${looks} · ${integer(n)} singular values${stride > 1 ? `, each ${stride}th drawn` : ''}`;
}
