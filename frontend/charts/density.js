// @ts-check
/**
 * Densities at one step with their standard errors: a curve with a band (a Hessian's spectral density), or histograms
 * over one another with bars (D's scores of real and generated samples).
 */

import { integer, plotlyText } from '../lib/format.js';
import { extentOf, hiddenNote, isDrawable, nonfiniteNote, plotLayout, valueAxis } from '../lib/plot_layout.js';

const BAND_OPACITY = 0.25;
const DASHES = { solid: 'solid', dash: '6px,3px', dot: '2px,3px', dashdot: '6px,3px,2px,3px' };

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {string} role
 * @property {keyof typeof DASHES} dash
 * @property {number} step
 * @property {{at: number[], density: number[], stderr: number[]}} body
 *
 * @typedef {{at: number, density: number, stderr: number}} Point
 */

/**
 * @param {Curve[]} curves
 * @param {import('../lib/plot_layout.js').Options & {isHistogram: boolean}} options
 * @returns {import('../lib/plot_layout.js').Figure}
 */
export function figure(curves, options) {
  const { width, log = false, isHistogram, ranges } = options;
  const count = { broken: 0, hidden: 0 };
  const data = curves.flatMap((curve) => {
    const points = pointsOf(curve.body);
    count.broken += points.filter((point) => !Object.values(point).every(Number.isFinite)).length;
    count.hidden += log ? points.filter(({ density }) => density <= 0).length : 0;
    const seen = thin(points.filter(({ at }) => Number.isFinite(at)), Math.max(2, 2 * width));
    return traces(curve, seen, { log, isHistogram, floor: ranges.y[0] }, options.colours);
  });
  return {
    data,
    layout: plotLayout(options, { ...valueAxis(options, 'x'), showgrid: false }, valueAxis(options, 'y', log), { x: isHistogram ? 'logit' : 'λ', y: 'density' }),
    notes: [...nonfiniteNote(count.broken, null), ...hiddenNote(count.hidden)],
    caption: curves.length === 0 ? '' : `± one standard error${isHistogram ? '' : ' (band)'}`,
  };
}

/**
 * @param {Curve[]} curves
 * @param {boolean} log
 * @returns {import('../lib/plot_layout.js').Extents}
 */
export function extents(curves, log) {
  const x = extentOf(curves.flatMap(({ body }) => body.at));
  const ends = curves.flatMap(({ body }) => pointsOf(body).flatMap(({ density, stderr }) => (log ? [density] : [0, density, density + stderr])));
  return { x, y: extentOf(ends, log) };
}

/** @param {Curve['body']} body @returns {Point[]} in the order of their places */
function pointsOf({ at, density, stderr }) {
  const points = at.map((each, index) => ({ at: each, density: density[index] ?? NaN, stderr: stderr[index] ?? NaN }));
  return points.sort((one, other) => one.at - other.at);
}

/** Of every stretch the least and the greatest, so that no peak is lost. @param {Point[]} points @param {number} most */
function thin(points, most) {
  const size = Math.ceil(points.length / most) * 2;
  if (size <= 2) return points;
  const kept = new Set([points[0], points[points.length - 1]]);
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    kept.add(part.reduce((best, point) => (point.density > best.density ? point : best)));
    kept.add(part.reduce((best, point) => (point.density < best.density ? point : best)));
    const broken = part.find(({ density }) => !Number.isFinite(density));
    if (broken !== undefined) kept.add(broken);
  }
  return points.filter((point) => kept.has(point));
}

/**
 * @param {Curve} curve
 * @param {Point[]} points
 * @param {{log: boolean, isHistogram: boolean, floor: number}} how
 * @param {import('../lib/theme.js').Colours} colours
 */
function traces({ label, role, dash, step }, points, { log, isHistogram, floor }, colours) {
  const colour = colours.roles[role];
  const line = {
    type: 'scatter', mode: points.length === 1 ? 'markers' : 'lines', name: plotlyText(label), x: points.map(({ at }) => at),
    y: points.map(({ density }) => (isDrawable(density, log) ? density : null)), connectgaps: false,
    line: { color: colour, width: 1.6, dash: DASHES[dash], shape: isHistogram ? 'hvh' : 'linear' }, marker: { color: colour, size: 5 },
    customdata: points.map(({ stderr }) => stderr),
    hovertemplate: `${plotlyText(label)}, step ${integer(step)}: %{y:.4~g} ± %{customdata:.2~g}<extra></extra>`,
  };
  if (!isHistogram && points.length > 1) return [bandOf(points, { log, floor }, colour), line];
  const bars = { type: 'data', array: points.map(({ stderr }) => (Number.isFinite(stderr) ? stderr : 0)), visible: true, color: colour, thickness: 1, width: 2 };
  return [{ ...line, error_y: bars }];
}

/**
 * A closed shape from density − stderr to density + stderr, one for each stretch without a gap. On a log axis a lower
 * end at or below 0 is the axis' own end: the band does reach below everything that is drawn.
 * @param {Point[]} points
 * @param {{log: boolean, floor: number}} how
 * @param {string} colour
 */
function bandOf(points, { log, floor }, colour) {
  /** @type {(number | null)[]} */
  const x = [];
  /** @type {(number | null)[]} */
  const y = [];
  const isThere = (/** @type {Point | undefined} */ point) => point !== undefined && isDrawable(point.density, log) && Number.isFinite(point.stderr);
  let start = 0;
  for (let index = 0; index <= points.length; index += 1) {
    if (isThere(points[index])) continue;
    const part = points.slice(start, index);
    const low = part.map(({ density, stderr }) => (log && density - stderr <= 0 ? floor : density - stderr));
    if (part.length > 0) {
      x.push(...part.map(({ at }) => at), ...part.map(({ at }) => at).toReversed(), null);
      y.push(...part.map(({ density, stderr }) => density + stderr), ...low.toReversed(), null);
    }
    start = index + 1;
  }
  return { type: 'scatter', mode: 'lines', x, y, fill: 'toself', fillcolor: colour, opacity: BAND_OPACITY, line: { width: 0 }, hoverinfo: 'skip' };
}
