// @ts-check
/**
 * A scalar series as the page holds it: the server's buckets, and what the stream added since.
 *
 * Buckets span a power of two of steps, aligned to its multiples, so that a reload shows the same picture. A point
 * is known by (attempt, step): of one step the highest attempt counts, and no point enters twice.
 */

import { compareIds } from './cursor.js';
import { fromWire } from './format.js';

/** More buckets than this and they are halved. Twice what is asked from the server, so a long look stays cheap. */
export const MOST_BUCKETS = 1200;

/**
 * @typedef {object} Buckets
 * @property {string} name
 * @property {number} bucketSteps
 * @property {number[]} steps
 * @property {number[]} min over the finite points; NaN if there are none
 * @property {number[]} max
 * @property {number[]} last may be NaN or infinite
 * @property {number[]} nonfinite points in the bucket that are not finite
 * @property {number[]} attempts highest attempt in the bucket
 * @property {string} cursor event id up to which the server's answer was complete
 */

/**
 * @param {string} name
 * @param {string} [cursor]
 * @returns {Buckets}
 */
export function emptyBuckets(name, cursor = '0-0') {
  return { name, bucketSteps: 1, steps: [], min: [], max: [], last: [], nonfinite: [], attempts: [], cursor };
}

/**
 * @param {Record<string, any>} answer a `ScalarSeries` of the api
 * @returns {Buckets}
 */
export function bucketsFrom(answer) {
  return {
    name: answer.name,
    bucketSteps: answer.bucket_steps,
    steps: [...answer.steps],
    min: answer.min.map(fromWire),
    max: answer.max.map(fromWire),
    last: answer.last.map(fromWire),
    nonfinite: [...answer.nonfinite],
    attempts: answer.steps.map(() => 0),
    cursor: answer.cursor,
  };
}

/**
 * Take in one point of the stream; false when it was known already.
 * @param {Buckets} buckets
 * @param {{step: number, value: number, attempt: number, id: string}} point
 * @returns {boolean}
 */
export function addPoint(buckets, { step, value, attempt, id }) {
  if (compareIds(id, buckets.cursor) <= 0) return false;
  const start = Math.floor(step / buckets.bucketSteps) * buckets.bucketSteps;
  const index = firstAtLeast(buckets.steps, start);
  if (buckets.steps[index] !== start) insert(buckets, index, start, value, attempt);
  else if (buckets.bucketSteps > 1) widen(buckets, index, value, attempt);
  else if (attempt > buckets.attempts[index]) replace(buckets, index, value, attempt);
  else return false;
  if (buckets.steps.length > MOST_BUCKETS) halve(buckets);
  return true;
}

/**
 * A new attempt goes on from `fromStep`: later points of lower attempts are superseded and leave the view.
 * @param {Buckets} buckets
 * @param {number} fromStep
 * @param {number} attempt
 */
export function supersede(buckets, fromStep, attempt) {
  const kept = buckets.steps.map((start, index) => start <= fromStep || buckets.attempts[index] >= attempt);
  for (const column of columns(buckets)) {
    const values = column.filter((_, index) => kept[index]);
    column.length = 0;
    column.push(...values);
  }
}

/**
 * The newest value, and its bucket's first step.
 * @param {Buckets | undefined} buckets
 * @returns {{step: number, value: number} | null}
 */
export function newest(buckets) {
  if (buckets === undefined || buckets.steps.length === 0) return null;
  const index = buckets.steps.length - 1;
  return { step: buckets.steps[index], value: buckets.last[index] };
}

/**
 * The value in force at a step: that of the last bucket that begins at or before it.
 * @param {Buckets | undefined} buckets
 * @param {number} step
 * @returns {{step: number, value: number} | null}
 */
export function valueAt(buckets, step) {
  if (buckets === undefined) return null;
  const index = firstAtLeast(buckets.steps, step + 1) - 1;
  return index < 0 ? null : { step: buckets.steps[index], value: buckets.last[index] };
}

/**
 * The same line with its standard error as its band; where the error is not finite there is none.
 * @param {Buckets} buckets
 * @param {Buckets | undefined} errors
 * @returns {Buckets}
 */
export function withErrors(buckets, errors) {
  const sizes = buckets.steps.map((step) => {
    const size = valueAt(errors, step)?.value ?? 0;
    return Number.isFinite(size) ? size : 0;
  });
  return { ...buckets, min: buckets.min.map((low, index) => low - sizes[index]), max: buckets.max.map((high, index) => high + sizes[index]) };
}

/**
 * The same series in buckets at least so wide: a power of two.
 * @param {Buckets} buckets
 * @param {number} width
 * @returns {Buckets}
 */
export function atWidth(buckets, width) {
  const wider = { ...buckets };
  while (wider.bucketSteps < width) halve(wider);
  return wider;
}

/**
 * Index of the first number that is not below `wanted`, in ascending numbers.
 * @param {number[]} ascending
 * @param {number} wanted
 * @returns {number}
 */
export function firstAtLeast(ascending, wanted) {
  const end = ascending.length;
  if (end === 0 || ascending[end - 1] < wanted) return end;
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {Buckets} buckets */
function columns(buckets) {
  const { steps, min, max, last, nonfinite, attempts } = buckets;
  return [steps, min, max, last, nonfinite, attempts];
}

/** @param {Buckets} buckets @param {number} index @param {number} start @param {number} value @param {number} attempt */
function insert(buckets, index, start, value, attempt) {
  const finite = Number.isFinite(value);
  const row = [start, finite ? value : NaN, finite ? value : NaN, value, finite ? 0 : 1, attempt];
  columns(buckets).forEach((column, which) => column.splice(index, 0, row[which]));
}

/** @param {Buckets} buckets @param {number} index @param {number} value @param {number} attempt */
function replace(buckets, index, value, attempt) {
  const finite = Number.isFinite(value);
  buckets.min[index] = finite ? value : NaN;
  buckets.max[index] = buckets.min[index];
  buckets.last[index] = value;
  buckets.nonfinite[index] = finite ? 0 : 1;
  buckets.attempts[index] = attempt;
}

/** @param {Buckets} buckets @param {number} index @param {number} value @param {number} attempt */
function widen(buckets, index, value, attempt) {
  if (Number.isFinite(value)) {
    buckets.min[index] = lesser(buckets.min[index], value);
    buckets.max[index] = greater(buckets.max[index], value);
  } else {
    buckets.nonfinite[index] += 1;
  }
  buckets.last[index] = value;
  buckets.attempts[index] = Math.max(buckets.attempts[index], attempt);
}

/**
 * Twice as many steps a bucket: no point's extreme, last value or count of non-finite ones is lost.
 * @param {Buckets} buckets
 */
function halve(buckets) {
  const old = { ...buckets };
  const span = old.bucketSteps * 2;
  const merged = emptyBuckets(old.name, old.cursor);
  old.steps.forEach((step, index) => {
    const start = Math.floor(step / span) * span;
    const into = merged.steps.length - 1;
    if (merged.steps[into] !== start) {
      const row = [start, old.min[index], old.max[index], old.last[index], old.nonfinite[index], old.attempts[index]];
      columns(merged).forEach((column, which) => column.push(row[which]));
      return;
    }
    merged.min[into] = lesser(merged.min[into], old.min[index]);
    merged.max[into] = greater(merged.max[into], old.max[index]);
    merged.last[into] = old.last[index];
    merged.nonfinite[into] += old.nonfinite[index];
    merged.attempts[into] = Math.max(merged.attempts[into], old.attempts[index]);
  });
  Object.assign(buckets, merged, { bucketSteps: span });
}

/** The smaller of two, where NaN stands for "none". @param {number} a @param {number} b */
function lesser(a, b) {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.min(a, b);
}

/** The larger of two, where NaN stands for "none". @param {number} a @param {number} b */
function greater(a, b) {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.max(a, b);
}
