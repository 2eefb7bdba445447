// @ts-check
/** What the plots of the instruments have in common: margins, axes and words, as plain values for Plotly. Pure. */

import { integer } from './format.js';
import { firstAtLeast } from './series.js';

/**
 * @typedef {object} Options
 * @property {string} uirevision
 * @property {import('./theme.js').Colours} colours
 * @property {number} width
 * @property {number} height
 * @property {{x: [number, number], y: [number, number]}} ranges of the axes; on a log axis still plain values
 * @property {boolean} [log]
 *
 * @typedef {object} Figure
 * @property {any[]} data
 * @property {Record<string, any>} layout
 * @property {string[]} notes what could not be drawn
 * @property {string} caption what is drawn, in words
 * @property {import('../charts/heatmap.js').Cells} [cells] what is painted on the canvas under the plot
 *
 * @typedef {{x: [number, number] | null, y: [number, number] | null}} Extents
 */

export const MARGIN = { l: 46, r: 12, t: 20, b: 22 };

/**
 * Titles stand level, where nothing is drawn: y's above its axis, x's left of its ticks.
 * @param {Options} options
 * @param {Record<string, any>} xaxis
 * @param {Record<string, any>} yaxis
 * @param {{x: string, y: string}} titles
 */
export function plotLayout({ uirevision, colours, width, height }, xaxis, yaxis, titles) {
  const title = { xref: 'paper', yref: 'paper', showarrow: false, font: { size: 12, color: colours.meta } };
  return {
    uirevision, width, height,
    margin: MARGIN,
    annotations: [
      { ...title, text: titles.y, x: 0, y: 1, xanchor: 'center', yanchor: 'bottom', yshift: 2 },
      { ...title, text: titles.x, x: 0, y: 0, xanchor: 'right', yanchor: 'top', xshift: -8, yshift: -2 },
    ].filter(({ text }) => text !== ''),
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: 'system-ui, sans-serif', size: 12, color: colours.meta },
    separators: '.\u202f',
    showlegend: false,
    hovermode: 'closest',
    dragmode: 'zoom',
    hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { color: colours.text, size: 12 } },
    xaxis,
    yaxis,
  };
}

/** @param {import('./theme.js').Colours} colours */
function axis(colours) {
  return {
    zeroline: false, color: colours.meta, tickfont: { size: 12 }, ticklen: 4, automargin: false, exponentformat: 'e',
  };
}

/** The axis of the steps: the only one that a person may zoom. @param {Options} options */
export function stepAxis({ colours, width, ranges }) {
  return {
    ...axis(colours), range: ranges.x, showgrid: false, nticks: width > 500 ? 8 : 4, tickformat: ',d', hoverformat: ',d',
    showline: true, linecolor: colours.line, ticks: 'outside', tickcolor: colours.line,
  };
}

/**
 * An axis of values, linear or logarithmic.
 * @param {Options} options
 * @param {'x' | 'y'} which
 * @param {boolean} [log]
 */
export function valueAxis({ colours, ranges, width, height }, which, log = false) {
  const [low, high] = log ? ranges[which].map(Math.log10) : ranges[which];
  const most = which === 'x' ? Math.max(3, Math.round(width / 70)) : Math.max(3, Math.round(height / 36));
  return {
    ...axis(colours), range: [low, high], type: log ? 'log' : 'linear', gridcolor: colours.line, nticks: most, fixedrange: true,
    tickformat: log && low < -3 ? '.0e' : '~g',
    ...(log ? { dtick: Math.max(1, Math.ceil((high - low) / 5)) } : {}),
  };
}

/**
 * Least and greatest of the numbers that can be drawn; null when there is none.
 * @param {Iterable<number>} values
 * @param {boolean} [log]
 * @returns {[number, number] | null}
 */
export function extentOf(values, log = false) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!isDrawable(value, log)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** @param {number} value @param {boolean} log */
export function isDrawable(value, log) {
  return Number.isFinite(value) && (!log || value > 0);
}

/**
 * Looks between two steps, and one on each side, so that what is drawn runs to the edge.
 * @param {import('./looks.js').Look[]} looks ascending
 * @param {[number, number]} range
 */
export function cutLooks(looks, [from, to]) {
  const steps = looks.map(({ step }) => step);
  return looks.slice(Math.max(0, firstAtLeast(steps, from + 1) - 1), firstAtLeast(steps, to) + 1);
}

/**
 * `not finite: 2 (last ~3)`, or nothing.
 * @param {number} count
 * @param {number | null} step
 */
export function nonfiniteNote(count, step) {
  if (count === 0) return [];
  return [`not finite: ${integer(count)}${step === null ? '' : ` (last ~${integer(step)})`}`];
}

/** @param {number} count */
export function hiddenNote(count) {
  return count === 0 ? [] : [`≤ 0, hidden on a log axis: ${integer(count)}`];
}
