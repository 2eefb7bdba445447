// @ts-check
/**
 * Eigenvalues over steps, each with its residual ‖Hv − λv‖ as a bar. Lines join the greatest and the least, since only
 * they keep their place from look to look; pairs that did not converge are missing, and the others move up.
 * Of eigenvalues with imaginary parts the real parts are drawn: a positive one is a direction that grows.
 */

import { integer, number } from '../lib/format.js';
import { cutLooks, extentOf, nonfiniteNote, plotLayout, stepAxis, valueAxis } from '../lib/plot_layout.js';

/** A look needs so many pixels, else its bars cannot be told apart. */
const LOOK_PX = 4;

/**
 * @typedef {import('../lib/looks.js').Look} Look
 */

/**
 * @param {Look[]} looks ascending
 * @param {import('../lib/plot_layout.js').Options & {role: string}} options
 * @returns {import('../lib/plot_layout.js').Figure}
 */
export function figure(looks, options) {
  const { colours, role, ranges, width } = options;
  const cut = cutLooks(looks, ranges.x);
  const seen = thin(cut, Math.max(1, Math.floor(width / LOOK_PX)));
  const points = seen.flatMap(({ step, body }) =>
    body.real.map((/** @type {number} */ value, /** @type {number} */ index) => ({ step, value, residual: body.residuals[index] ?? NaN })));
  const drawn = points.filter(({ value }) => Number.isFinite(value));
  const broken = cut.flatMap(({ step, body }) => body.real.filter((/** @type {number} */ value) => !Number.isFinite(value)).map(() => step));
  const colour = colours.roles[role];
  const data = [
    edge(seen, 1, colour),
    ...(seen.some(({ body }) => body.real.length > 1) ? [edge(seen, 0, colour)] : []),
    {
      type: 'scatter', mode: 'markers', x: drawn.map(({ step }) => step), y: drawn.map(({ value }) => value), marker: { color: colour, size: 4 },
      error_y: { type: 'data', array: drawn.map(({ residual }) => (Number.isFinite(residual) ? residual : 0)), visible: true, color: colours.meta, thickness: 1, width: 2 },
      customdata: drawn.map(({ residual }) => number(residual)), hovertemplate: 'λ = %{y:.5~g} ± %{customdata}<extra></extra>',
    },
  ];
  return {
    data: seen.length === 0 ? [] : data,
    layout: plotLayout(options, stepAxis(options), { ...valueAxis(options, 'y'), zeroline: true, zerolinecolor: colours.meta, zerolinewidth: 1 }, { x: '', y: isComplex(looks) ? 'Re λ' : 'λ' }),
    notes: [...nonfiniteNote(broken.length, broken[broken.length - 1] ?? null), ...unknownResiduals(drawn)],
    caption: seen.length === 0 ? '' : seen.length === 1 ? `one look so far, at step ${integer(seen[0].step)}` : `${integer(cut.length)} looks`,
  };
}

/**
 * @param {Look[]} looks
 * @param {[number, number]} xRange
 * @returns {import('../lib/plot_layout.js').Extents} of the values with their bars
 */
export function extents(looks, xRange) {
  const ends = cutLooks(looks, xRange).flatMap(({ body }) => body.real.flatMap(withBar(body.residuals)));
  return { x: null, y: extentOf(ends) };
}

/** @param {Look[]} looks */
function isComplex(looks) {
  return looks.some(({ body }) => Array.isArray(body.imaginary));
}

/** An eigenvalue's two ends: λ − r and λ + r. @param {number[]} residuals */
export function withBar(residuals) {
  return (/** @type {number} */ value, /** @type {number} */ index) => {
    const residual = Number.isFinite(residuals[index]) ? residuals[index] : 0;
    return [value - residual, value + residual];
  };
}

/** The greatest (which = 1) or least (0) finite eigenvalue of each look, as a line. @param {Look[]} seen @param {0 | 1} which @param {string} colour */
function edge(seen, which, colour) {
  return {
    type: 'scatter', mode: 'lines', x: seen.map(({ step }) => step), y: seen.map(({ body }) => extentOf(body.real)?.[which] ?? null),
    connectgaps: false, line: { color: colour, width: 1.4, dash: which === 1 ? 'solid' : '6px,3px' }, hoverinfo: 'skip',
  };
}

/** Of every stretch the looks with the greatest and the least eigenvalue, so that no spike is lost. @param {Look[]} looks @param {number} most */
function thin(looks, most) {
  const size = Math.ceil(looks.length / most) * 2;
  if (size <= 2) return looks;
  const kept = new Set([looks[looks.length - 1]]);
  for (let start = 0; start < looks.length; start += size) {
    const part = looks.slice(start, start + size);
    kept.add(best(part, (look) => extentOf(look.body.real)?.[1] ?? -Infinity));
    kept.add(best(part, (look) => -(extentOf(look.body.real)?.[0] ?? Infinity)));
  }
  return looks.filter((look) => kept.has(look));
}

/** @param {Look[]} looks at least one @param {(look: Look) => number} score */
function best(looks, score) {
  return looks.reduce((leader, look) => (score(look) > score(leader) ? look : leader));
}

/** @param {{residual: number}[]} drawn */
function unknownResiduals(drawn) {
  const count = drawn.filter(({ residual }) => !Number.isFinite(residual)).length;
  return count === 0 ? [] : [`no finite residual: ${integer(count)}`];
}
