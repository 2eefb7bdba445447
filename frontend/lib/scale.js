// @ts-check
/** Where a knob's value stands on its slider, and back. A position runs from 0 to 1. */

import { exact } from './format.js';

/**
 * A log slider cannot reach 0. One that begins there goes down to 1 where numbers are whole, else to a ten-thousandth of the
 * default, and at least this far below its maximum, before it jumps to its minimum: lr from 0 to 1 with default 2e-4
 * reaches 2e-8.
 */
const DECADES = 4;
const BELOW_DEFAULT = 10_000;
const MOST_DECADES = 8;

/**
 * The values at the slider's ends. An open end is drawn at ten times the default, as the field takes any number.
 * @param {import('./types.js').Knob} knob
 * @returns {[number, number]}
 */
export function ends(knob) {
  const start = Math.abs(Number(knob.default)) || 1;
  const low = knob.minimum ?? (knob.maximum === null || knob.maximum === undefined ? 0 : knob.maximum - 20 * start);
  const high = knob.maximum ?? Math.max(low, 0) + 10 * start;
  return [low, high];
}

/**
 * @param {import('./types.js').Knob} knob
 * @param {number} value
 * @returns {number}
 */
export function toPosition(knob, value) {
  const [low, high] = ends(knob);
  if (!(high > low)) return 0;
  if (knob.scale !== 'log' || high <= 0) return clamp((value - low) / (high - low));
  const floor = logFloor(knob, low, high);
  if (value <= low) return 0;
  return clamp(Math.log(Math.max(value, floor) / floor) / Math.log(high / floor));
}

/**
 * The value at a position, rounded to what a slider can mean: three significant digits, or whole.
 * @param {import('./types.js').Knob} knob
 * @param {number} position
 * @returns {number}
 */
export function toValue(knob, position) {
  const [low, high] = ends(knob);
  if (position <= 0) return inside(knob, low);
  if (position >= 1) return inside(knob, high);
  const raw = knob.scale === 'log' && high > 0 ? onLog(knob, low, high, position) : low + position * (high - low);
  return inside(knob, raw);
}

/**
 * Why a text is not a value that the knob takes, in the trainer's own words; null when it is one.
 * @param {import('./types.js').Knob} knob
 * @param {string} text
 * @returns {string | null}
 */
export function refusal(knob, text) {
  const value = Number(text);
  const isNumber = text.trim() !== '' && Number.isFinite(value);
  const isWhole = knob.kind !== 'integer' || Number.isInteger(value);
  if (isNumber && isWhole && isAbove(knob, value) && isBelow(knob, value)) return null;
  return `${knob.name} must be ${allowed(knob)}; got ${text.trim() === '' ? 'nothing' : text.trim()}`;
}

/**
 * The allowed values in words.
 * @param {import('./types.js').Knob} knob
 * @returns {string}
 */
export function allowed(knob) {
  if (knob.kind === 'boolean') return 'on or off';
  const parts = [knob.kind === 'integer' ? 'a whole number' : 'a number'];
  if (isGiven(knob.minimum)) parts.push(`${knob.exclusive_minimum ? 'above' : 'from'} ${exact(Number(knob.minimum))}`);
  if (isGiven(knob.maximum)) parts.push(`${knob.exclusive_maximum ? 'below' : 'to'} ${exact(Number(knob.maximum))}`);
  return parts.join(' ');
}

/**
 * The range as the slider's caption has it: `0 … 100 log`.
 * @param {import('./types.js').Knob} knob
 * @returns {string}
 */
export function caption(knob) {
  if (knob.kind === 'boolean') return 'on or off';
  const low = isGiven(knob.minimum) ? `${knob.exclusive_minimum ? '> ' : ''}${exact(Number(knob.minimum))}` : 'any';
  const high = isGiven(knob.maximum) ? `${knob.exclusive_maximum ? '< ' : ''}${exact(Number(knob.maximum))}` : 'any';
  return `${low} … ${high}${knob.scale === 'log' ? ' log' : ''}`;
}

/** @param {number | null | undefined} bound */
function isGiven(bound) {
  return bound !== null && bound !== undefined;
}

/** @param {import('./types.js').Knob} knob @param {number} value */
function isAbove(knob, value) {
  if (knob.minimum === null || knob.minimum === undefined) return true;
  return value > knob.minimum || (value === knob.minimum && !knob.exclusive_minimum);
}

/** @param {import('./types.js').Knob} knob @param {number} value */
function isBelow(knob, value) {
  if (knob.maximum === null || knob.maximum === undefined) return true;
  return value < knob.maximum || (value === knob.maximum && !knob.exclusive_maximum);
}

/** @param {import('./types.js').Knob} knob @param {number} low @param {number} high */
function logFloor(knob, low, high) {
  if (low > 0) return low;
  if (knob.kind === 'integer') return 1;
  const start = Math.abs(Number(knob.default)) || high / 100;
  return Math.max(Math.min(high / 10 ** DECADES, start / BELOW_DEFAULT), high / 10 ** MOST_DECADES);
}

/** @param {import('./types.js').Knob} knob @param {number} low @param {number} high @param {number} position */
function onLog(knob, low, high, position) {
  const floor = logFloor(knob, low, high);
  return floor * (high / floor) ** position;
}

/** @param {import('./types.js').Knob} knob @param {number} raw */
function inside(knob, raw) {
  const [low, high] = ends(knob);
  const rounded = knob.kind === 'integer' ? Math.round(raw) : Number(raw.toPrecision(3));
  const value = Math.min(high, Math.max(low, rounded));
  const nudge = knob.kind === 'integer' ? 1 : Number(((high - low) / 1000).toPrecision(1));
  if (value === low && knob.exclusive_minimum) return low + nudge;
  if (value === high && knob.exclusive_maximum) return high - nudge;
  return value;
}

/** @param {number} fraction */
function clamp(fraction) {
  return Math.min(1, Math.max(0, fraction));
}
