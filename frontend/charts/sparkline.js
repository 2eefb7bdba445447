// @ts-check
/**
 * A line without axes, for a table's cell: where it has been and where it is, as SVG paths. What is not finite leaves a
 * gap and a mark.
 */

import { atWidth } from '../lib/series.js';

/** From the cell's edge to the line. */
const INSET = 2.5;

/**
 * @typedef {object} Sparkline
 * @property {string} line SVG path through the last value of each bucket
 * @property {string} band SVG path around the least and greatest values
 * @property {number[]} gaps where something was not finite, in pixels from the left
 * @property {{x: number, y: number} | null} end the newest value, where it is finite
 */

/**
 * @param {import('../lib/series.js').Buckets} buckets
 * @param {{width: number, height: number, fixed?: [number, number] | null, most?: number}} options `fixed`: the range of the values where it is known beforehand
 * @returns {{data: Sparkline, layout: {low: number, high: number, bucketSteps: number}}} the range that is drawn; NaN where nothing is finite
 */
export function figure(buckets, { width, height, fixed = null, most = 60 }) {
  const seen = few(buckets, most);
  const { steps, min, max, last, nonfinite } = seen;
  const [low, high] = fixed ?? extent(min, max);
  const [first, span] = [steps[0] ?? 0, Math.max(1, (steps[steps.length - 1] ?? 0) - (steps[0] ?? 0))];
  const x = (/** @type {number} */ index) => round(INSET + (steps.length === 1 ? 1 : (steps[index] - first) / span) * (width - 2 * INSET));
  const y = (/** @type {number} */ value) => round(height - INSET - (high > low ? clamp((value - low) / (high - low)) : 0.5) * (height - 2 * INSET));
  const stretches = unbroken(last);
  const end = steps.length - 1;
  return {
    data: {
      line: stretches.map((indices) => path(indices.map((index) => [x(index), y(last[index])]))).join(''),
      band: stretches.filter(({ length }) => length > 1).map((indices) => `${path([...indices.map((index) => [x(index), y(max[index])]), ...indices.reverse().map((index) => [x(index), y(min[index])])])}Z`).join(''),
      gaps: steps.flatMap((_, index) => (nonfinite[index] > 0 ? [x(index)] : [])),
      end: end >= 0 && Number.isFinite(last[end]) ? { x: x(end), y: y(last[end]) } : null,
    },
    layout: { low, high, bucketSteps: seen.bucketSteps },
  };
}

/** The same in buckets wide enough that they are few. @param {import('../lib/series.js').Buckets} buckets @param {number} most */
function few(buckets, most) {
  let seen = buckets;
  while (seen.steps.length > most) seen = atWidth(seen, 2 * seen.bucketSteps);
  return seen;
}

/** @param {number[]} min @param {number[]} max @returns {[number, number]} */
function extent(min, max) {
  let [low, high] = [NaN, NaN];
  min.forEach((value, index) => {
    if (Number.isNaN(value)) return;
    low = Number.isNaN(low) ? value : Math.min(low, value);
    high = Number.isNaN(high) ? max[index] : Math.max(high, max[index]);
  });
  return [low, high];
}

/** Indices of values without one between them that is not finite. @param {number[]} values @returns {number[][]} */
function unbroken(values) {
  /** @type {number[][]} */
  const found = [[]];
  values.forEach((value, index) => {
    if (Number.isFinite(value)) found[found.length - 1].push(index);
    else found.push([]);
  });
  return found.filter(({ length }) => length > 0);
}

/** @param {number[][]} points */
function path(points) {
  const [start] = points;
  const rest = points.length === 1 ? [start] : points.slice(1);
  return `M${start.join(' ')}${rest.map((point) => `L${point.join(' ')}`).join('')}`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

/** @param {number} fraction */
function clamp(fraction) {
  return Math.min(1, Math.max(0, fraction));
}
