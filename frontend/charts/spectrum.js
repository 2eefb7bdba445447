// @ts-check
/** One spectrum: the singular values of a matrix at one step, largest first. */

import { integer, number } from '../lib/format.js';
import { extentOf, hiddenNote, isDrawable, nonfiniteNote, plotLayout, valueAxis } from '../lib/plot_layout.js';

/** Points of which each has a marker; more run into a line. */
const MOST_MARKERS = 40;
/** Values up to which each index has its tick; Plotly would put ticks between them. */
const FEW = 6;

/**
 * @param {import('../lib/looks.js').Look | null} look
 * @param {import('../lib/plot_layout.js').Options & {role: string}} options
 * @returns {import('../lib/plot_layout.js').Figure}
 */
export function figure(look, options) {
  const { colours, role, log = false } = options;
  const values = /** @type {number[]} */ (look?.body.values ?? []);
  const drawn = values.map((value) => (isDrawable(value, log) ? value : null));
  const trace = {
    type: 'scatter', mode: values.length <= MOST_MARKERS ? 'lines+markers' : 'lines', x: values.map((_, index) => index + 1), y: drawn,
    connectgaps: false, line: { color: colours.roles[role], width: 1.6 }, marker: { color: colours.roles[role], size: 4 },
    hovertemplate: 'index %{x}: σ = %{y:.5~g}<extra></extra>',
  };
  return {
    data: values.length === 0 ? [] : [trace],
    layout: plotLayout(options, { ...valueAxis(options, 'x'), showgrid: false, tickformat: ',d', ...(values.length <= FEW ? { dtick: 1 } : {}) }, valueAxis(options, 'y', log), { x: 'index', y: 'σ' }),
    notes: [
      ...nonfiniteNote(values.filter((value) => !Number.isFinite(value)).length, null),
      ...hiddenNote(log ? values.filter((value) => Number.isFinite(value) && value <= 0).length : 0),
    ],
    caption: caption(values),
  };
}

/** @param {import('../lib/looks.js').Look | null} look @param {boolean} log @returns {import('../lib/plot_layout.js').Extents} */
export function extents(look, log) {
  const values = /** @type {number[]} */ (look?.body.values ?? []);
  const y = extentOf(values, log);
  return { x: values.length === 0 ? null : [1, Math.max(values.length, 2)], y: y === null || log ? y : [0, y[1]] };
}

/** @param {number[]} values */
function caption(values) {
  const [first] = values;
  if (first === undefined) return '';
  const above = values.filter((value) => value > first / 2).length;
  return `σ₁ ${number(first)} · ${integer(above)} of ${integer(values.length)} above σ₁/2`;
}
