// @ts-check
/**
 * The eigenvalues of one look. Those of a game's Jacobian in the complex plane, both axes in the same unit, with the
 * two axes through 0, since the sign of the real part is what counts; those of a Hessian by rank. Bars are residuals
 * ‖Av − λv‖: of a symmetric matrix an eigenvalue lies that near, of another it need not.
 */

import { integer, number } from '../lib/format.js';
import { extentOf, nonfiniteNote, plotLayout, valueAxis } from '../lib/plot_layout.js';
import { withBar } from './eigenvalues.js';

/**
 * @typedef {import('../lib/looks.js').Look} Look
 */

/**
 * @param {Look | null} look
 * @param {import('../lib/plot_layout.js').Options & {role: string}} options
 * @returns {import('../lib/plot_layout.js').Figure}
 */
export function figure(look, options) {
  const { colours, role } = options;
  const { points, broken } = finite(look);
  const isPlane = Array.isArray(look?.body.imaginary);
  const bars = { type: 'data', array: points.map(({ residual }) => (Number.isFinite(residual) ? residual : 0)), visible: true, color: colours.meta, thickness: 1, width: 3 };
  const trace = {
    type: 'scatter', mode: 'markers', marker: { color: colours.roles[role], size: isPlane ? 5 : 7, symbol: isPlane ? 'circle' : 'line-ew-open', line: { width: isPlane ? 0 : 2 } },
    x: points.map(({ real, rank }) => (isPlane ? real : rank)), y: points.map(({ real, imaginary }) => (isPlane ? imaginary : real)),
    ...(isPlane ? { error_x: bars } : {}), error_y: bars, customdata: points.map(({ residual }) => number(residual)),
    hovertemplate: isPlane ? '%{x:.4~g} + %{y:.4~g} i, residual %{customdata}<extra></extra>' : 'rank %{x}: λ = %{y:.5~g} ± %{customdata}<extra></extra>',
  };
  const zero = { zeroline: true, zerolinecolor: colours.meta, zerolinewidth: 1 };
  const ranks = { ...valueAxis(options, 'x'), range: [0.5, Math.max(points.length, 1) + 0.5], showgrid: false, tickformat: ',d', dtick: Math.ceil(points.length / 12) || 1, tick0: 1 };
  const xaxis = isPlane ? { ...valueAxis(options, 'x'), ...zero, constrain: 'range' } : ranks;
  const yaxis = isPlane ? { ...valueAxis(options, 'y'), ...zero, scaleanchor: 'x', scaleratio: 1, constrain: 'range' } : { ...valueAxis(options, 'y'), ...zero };
  return {
    data: points.length === 0 ? [] : [trace],
    layout: plotLayout(options, xaxis, yaxis, isPlane ? { x: 'Re λ', y: 'Im λ' } : { x: 'rank', y: 'λ' }),
    notes: nonfiniteNote(broken, null),
    caption: look === null ? '' : caption(look, points.map(({ real }) => real)),
  };
}

/**
 * @param {Look | null} look
 * @returns {import('../lib/plot_layout.js').Extents} with room for the residuals; of a plane 0 is always in
 */
export function extents(look) {
  if (look === null) return { x: null, y: null };
  const { real, imaginary, residuals } = look.body;
  const bars = extentOf(/** @type {number[]} */ (real).flatMap(withBar(residuals)));
  if (!Array.isArray(imaginary)) return { x: [1, Math.max(2, real.length)], y: bars };
  return { x: withZero(bars), y: withZero(extentOf(/** @type {number[]} */ (imaginary).flatMap(withBar(residuals)))) };
}

/** @param {[number, number] | null} range @returns {[number, number] | null} */
function withZero(range) {
  return range === null ? null : [Math.min(0, range[0]), Math.max(0, range[1])];
}

/**
 * Largest real part first.
 * @param {Look | null} look
 */
function finite(look) {
  const { real = [], imaginary = null, residuals = [] } = look?.body ?? {};
  const all = /** @type {number[]} */ (real).map((each, index) => ({
    real: each, imaginary: Number(imaginary?.[index] ?? 0), residual: Number(residuals[index] ?? NaN),
  }));
  const kept = all.filter((point) => Number.isFinite(point.real) && Number.isFinite(point.imaginary));
  kept.sort((one, other) => other.real - one.real);
  return { points: kept.map((point, index) => ({ ...point, rank: index + 1 })), broken: all.length - kept.length };
}

/** @param {Look} look @param {number[]} values */
function caption({ body }, values) {
  const range = extentOf(values);
  const worst = extentOf(body.residuals)?.[1];
  const share = extentOf(body.residuals.map((/** @type {number} */ residual, /** @type {number} */ index) => residual / Math.hypot(body.real[index], Number(body.imaginary?.[index] ?? 0))))?.[1];
  const unknown = body.residuals.filter((/** @type {number} */ residual) => !Number.isFinite(residual)).length;
  return [
    range === null ? 'none converged' : `${Array.isArray(body.imaginary) ? 'Re λ' : 'λ'} ${number(range[0])} … ${number(range[1])}`,
    ...(worst === undefined ? [] : [`residual ≤ ${number(worst)}${share === undefined ? '' : `, ${number(100 * share, 2)} % of its |λ|`}`]),
    ...(unknown > 0 ? [`${integer(unknown)} without a finite residual`] : []),
    `${integer(body.products)} products`,
  ].join(' · ');
}
