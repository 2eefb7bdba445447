// @ts-check
/**
 * A series of spectra, eigenvalues or densities as the page holds it: every step that exists, and what was measured
 * at some of them: the ones that were asked for, and those that came by the stream.
 */

import { compareIds } from './cursor.js';
import { fromWire } from './format.js';
import { firstAtLeast } from './series.js';

/** More bodies than this and every second goes; a chart has fewer pixels for them. */
export const MOST_BODIES = 600;

/**
 * @typedef {object} Look what was measured at one step; its numbers are numbers, NaN and infinities included
 * @property {number} step
 * @property {Record<string, any>} body
 *
 * @typedef {object} Looks
 * @property {string} name
 * @property {string} kind
 * @property {number[]} steps all that exist, ascending
 * @property {Map<number, Record<string, any>>} bodies step → what is held
 * @property {string} cursor event id up to which the server's answer was complete
 */

/**
 * @param {string} name
 * @param {string} kind
 * @param {string} [cursor]
 * @returns {Looks}
 */
export function emptyLooks(name, kind, cursor = '0-0') {
  return { name, kind, steps: [], bodies: new Map(), cursor };
}

/**
 * @param {Record<string, any>} answer a `StepSeries` of the api
 * @returns {Looks}
 */
export function looksFrom({ name, kind, steps, looks, cursor }) {
  const bodies = looks.map((/** @type {any} */ { step, body }) => [step, numbers(body)]);
  return { name, kind, steps: [...steps], bodies: new Map(bodies), cursor };
}

/**
 * Take in a look of the stream; false when the server's answer knew it already.
 * @param {Looks} looks
 * @param {{step: number, body: Record<string, any>, id: string}} look
 * @returns {boolean}
 */
export function addLook(looks, { step, body, id }) {
  if (compareIds(id, looks.cursor) <= 0) return false;
  const index = firstAtLeast(looks.steps, step);
  if (looks.steps[index] !== step) looks.steps.splice(index, 0, step);
  holdBody(looks, step, body);
  return true;
}

/**
 * Hold a body that was asked for by itself, or came.
 * @param {Looks} looks
 * @param {number} step
 * @param {Record<string, any>} body
 */
export function holdBody(looks, step, body) {
  looks.bodies.set(step, numbers(body));
  if (looks.bodies.size > MOST_BODIES) thinOut(looks, step);
}

/**
 * A new attempt goes on from a step: later looks leave the view.
 * @param {Looks} looks
 * @param {number} fromStep
 */
export function dropLater({ steps, bodies }, fromStep) {
  steps.length = firstAtLeast(steps, fromStep + 1);
  for (const step of [...bodies.keys()]) if (step > fromStep) bodies.delete(step);
}

/**
 * What is held, in the order of the steps.
 * @param {Looks | undefined} looks
 * @returns {Look[]}
 */
export function heldLooks(looks) {
  if (looks === undefined) return [];
  return [...looks.bodies].sort(([one], [other]) => one - other).map(([step, body]) => ({ step, body }));
}

/**
 * About half of the held bodies go: those whose place in the series is no multiple of the next power of two. Places count
 * from the series' start, as the server counts them, so that a reload shows the same ones.
 * @param {Looks} looks
 * @param {number} kept a step that stays, whatever its place
 */
function thinOut({ steps, bodies }, kept) {
  let stride = 1;
  while (bodies.size > 0.75 * MOST_BODIES && stride < steps.length) {
    stride *= 2;
    for (const step of [...bodies.keys()]) {
      const isLast = step === kept || step === steps[steps.length - 1];
      if (!isLast && firstAtLeast(steps, step) % stride !== 0) bodies.delete(step);
    }
  }
}

/** The body with NaN and infinities as numbers. @param {Record<string, any>} body */
function numbers(body) {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value.map(fromWire) : value]));
}
