// @ts-check
/**
 * For how long a run has trained by which step, told by its events: each has a time and, most of them, a step. Time in
 * which it did not train (queued, paused, parked, lost) is left out. Between two events the steps are taken to have
 * been equally fast. Pure.
 */

import { compareIds } from './cursor.js';
import { firstAtLeast } from './series.js';

/** Kinds of event that are fetched for it: few, and spread over the whole run. The stream's further ones are taken too. */
export const CLOCK_KINDS = ['run.status', 'checkpoint.written', 'grid', 'alarm.raised', 'monitor.stretched'];

/**
 * @typedef {object} Clock
 * @property {number[]} steps ascending
 * @property {number[]} times milliseconds of training by that step, ascending
 * @property {number} elapsed_ms
 * @property {boolean} isTraining
 * @property {number | null} at_s time of the last event
 * @property {string} until id of the last event
 */

/** @returns {Clock} */
export function newClock() {
  return { steps: [], times: [], elapsed_ms: 0, isTraining: false, at_s: null, until: '0-0' };
}

/**
 * Take in an event; one that came before changes nothing.
 * @param {Clock} clock
 * @param {import('./types.js').RunEvent} event in the order of their ids
 */
export function tick(clock, { id, kind, step, time, source, body }) {
  if (compareIds(id, clock.until) <= 0 || (source === 'api' && kind !== 'run.status')) return;
  clock.until = id;
  if (clock.isTraining && clock.at_s !== null) clock.elapsed_ms += Math.max(0, (time - clock.at_s) * 1000);
  clock.at_s = time;
  if (kind === 'run.status') {
    clock.isTraining = body.status === 'running';
    if (typeof body.from_step === 'number') cutAt(clock, body.from_step);
  }
  if (step === null || step === undefined || clock.steps.length === 0) return;
  if (step > clock.steps[clock.steps.length - 1]) {
    clock.steps.push(step);
    clock.times.push(clock.elapsed_ms);
  }
}

/** An attempt begins: what a former one did after that step was thrown away, while its time has passed. @param {Clock} clock @param {number} from */
function cutAt({ steps, times, elapsed_ms: now }, from) {
  const kept = firstAtLeast(steps, from);
  steps.length = kept;
  times.length = kept;
  steps.push(from);
  times.push(now);
}

/**
 * Milliseconds of training by a step; null before it began, and after the last that is known.
 * @param {Clock} clock
 * @param {number} step
 * @returns {number | null}
 */
export function timeOf({ steps, times }, step) {
  return between(steps, times, step);
}

/**
 * The step by which it had trained for so long; null before it began, the last one known after that.
 * @param {Clock} clock
 * @param {number} ms
 * @returns {number | null}
 */
export function stepBy({ steps, times }, ms) {
  if (times.length === 0 || ms < times[0]) return null;
  const last = times.length - 1;
  return ms >= times[last] ? steps[last] : Math.floor(between(times, steps, ms) ?? steps[last]);
}

/** @param {number[]} xs ascending @param {number[]} ys @param {number} x @returns {number | null} */
function between(xs, ys, x) {
  const index = firstAtLeast(xs, x);
  if (index === xs.length || (index === 0 && xs[0] > x)) return null;
  if (xs[index] === x) return ys[index];
  const share = (x - xs[index - 1]) / (xs[index] - xs[index - 1]);
  return ys[index - 1] + share * (ys[index] - ys[index - 1]);
}
