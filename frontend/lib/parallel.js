// @ts-check
/** Runs of a sweep as lines across parallel axes: what was varied, and what was measured. Pure. */

import { fromWire, number } from './format.js';
import { describe, metricsOf, valueText } from './sweep.js';

/** An axis whose largest value is so many times its least is logarithmic. */
const LOG_FROM = 100;
/** Classes that a colour each can tell apart. */
const MOST_CLASSES = 6;
/** Names on an axis, at most: further values have none. */
const MOST_NAMES = 12;
/** A number so close to an end of its axis is not written: it would touch the end's. */
const CLOSE = 0.06;

/**
 * @typedef {import('./types.js').Sweep} Sweep
 * @typedef {import('./types.js').SweepRun} SweepRun
 *
 * @typedef {object} Axis
 * @property {string} id
 * @property {string} label
 * @property {boolean} isSwept
 * @property {any[] | null} values evenly spaced, from the bottom up; null: a scale
 * @property {boolean} isLog
 * @property {[number, number]} extent of a scale
 *
 * @typedef {object} Spot where a run stands on an axis
 * @property {number | null} at from 0, the bottom, to 1; null where there is nothing to place
 * @property {string} text
 */

/**
 * What was varied, then what was measured of at least one run.
 * @param {Sweep} sweep
 * @returns {Axis[]}
 */
export function axesOf({ axes, runs }) {
  const swept = axes.filter(({ values }) => values.length > 1).map(({ name, values }) => ({ id: name, label: name, isSwept: true, ...scaleOf(values) }));
  const measured = metricsOf(new Set(runs.flatMap(({ latest }) => Object.keys(latest)))).map(({ name, label }) => {
    const values = runs.flatMap(({ latest }) => (name in latest ? [fromWire(latest[name].value)] : [])).filter(Number.isFinite);
    return { id: name, label, isSwept: false, values: null, ...span(values) };
  });
  return [...swept, ...measured];
}

/** Numbers that differ by powers of ten stand on a logarithm, other numbers too where none is below 0, and names evenly. @param {any[]} values */
function scaleOf(values) {
  const isNumeric = values.every((value) => typeof value === 'number' && Number.isFinite(value));
  if (!isNumeric) return { values, isLog: false, extent: /** @type {[number, number]} */ ([0, 1]) };
  const found = span(values);
  const { extent: [low, high], isLog } = found;
  // Evenly, where a scale would put some of them on top of each other.
  const places = values.map((value) => (isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low))).sort((a, b) => a - b);
  const isCrowded = places.some((place, index) => index > 0 && place - places[index - 1] < 0.04);
  return { values: isCrowded ? [...values].sort((a, b) => a - b) : null, ...found };
}

/** @param {number[]} values @returns {{isLog: boolean, extent: [number, number]}} */
function span(values) {
  if (values.length === 0) return { isLog: false, extent: [0, 1] };
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) return { isLog: false, extent: low === 0 ? [-1, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10] };
  return { isLog: low > 0 && high / low >= LOG_FROM, extent: [low, high] };
}

/** @param {Axis} axis @param {SweepRun} run @returns {Spot} */
export function spotOf(axis, run) {
  const given = axis.isSwept ? run.values[axis.id] : run.latest[axis.id]?.value;
  if (given === undefined) return { at: null, text: '–' };
  if (axis.values !== null) return { at: placeOf(axis.values, given), text: valueText(given) };
  const value = fromWire(given);
  return { at: Number.isFinite(value) ? share(axis, value) : null, text: axis.isSwept ? valueText(given) : number(value) };
}

/** @param {any[]} values @param {any} given */
function placeOf(values, given) {
  const index = values.findIndex((value) => JSON.stringify(value) === JSON.stringify(given));
  return index < 0 ? null : values.length === 1 ? 0.5 : index / (values.length - 1);
}

/** @param {Axis} axis @param {number} value */
function share({ isLog, extent: [low, high] }, value) {
  return isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The value at a place of the axis, in words. @param {Axis} axis @param {number} at */
export function wordsAt({ values, isLog, extent: [low, high] }, at) {
  if (values !== null) return valueText(values[Math.round(at * (values.length - 1))]);
  return number(isLog ? low * (high / low) ** at : low + at * (high - low));
}

/** What is written beside an axis. @param {Axis} axis @param {SweepRun[]} runs @returns {{at: number, text: string}[]} */
export function namesOf(axis, runs) {
  if (axis.values !== null && axis.values.length <= MOST_NAMES) return axis.values.map((value) => ({ at: Number(placeOf(axis.values ?? [], value)), text: valueText(value) }));
  if (axis.isSwept && axis.values === null) {
    const spots = new Map(runs.map((run) => spotOf(axis, run)).flatMap(({ at, text }) => (at === null ? [] : [[text, at]])));
    if (spots.size <= MOST_NAMES) return [...spots].map(([text, at]) => ({ at, text }));
  }
  const [low, high] = axis.extent;
  const between = axis.isLog ? [0.25, 0.5, 0.75].map((at) => ({ at, text: wordsAt(axis, at) })) : rounds(low, high).map((value) => ({ at: share(axis, value), text: number(value) }));
  return [{ at: 0, text: wordsAt(axis, 0) }, ...between.filter(({ at }) => at > CLOSE && at < 1 - CLOSE), { at: 1, text: wordsAt(axis, 1) }];
}

/** Round numbers between two others. @param {number} low @param {number} high */
function rounds(low, high) {
  const size = 10 ** Math.floor(Math.log10((high - low) / 4));
  const apart = [1, 2, 5, 10].map((times) => times * size).find((each) => (high - low) / each <= 5) ?? 10 * size;
  const first = Math.ceil(low / apart);
  return Array.from({ length: Math.max(0, Math.floor(high / apart) - first + 1) }, (_, index) => Number(((first + index) * apart).toPrecision(12)));
}

/**
 * Whether a run lies within all ranges. What has no place on an axis lies in no range of it.
 * @param {SweepRun} run
 * @param {Axis[]} axes
 * @param {Map<string, [number, number]>} ranges axis → from and to, from 0 to 1
 */
export function isKept(run, axes, ranges) {
  return axes.every((axis) => {
    const range = ranges.get(axis.id);
    const { at } = spotOf(axis, run);
    return range === undefined || (at !== null && at >= range[0] - 1e-9 && at <= range[1] + 1e-9);
  });
}

/**
 * By what lines can be coloured: an axis of few values, a class each, or a measurement, along a ramp.
 * @param {Sweep} sweep
 * @param {Axis[]} axes
 * @returns {{id: string, isClasses: boolean}[]}
 */
export function colourings({ axes: swept }, axes) {
  return axes.flatMap(({ id, isSwept }) => {
    const isFew = (swept.find(({ name }) => name === id)?.values.length ?? Infinity) <= MOST_CLASSES;
    return isSwept && !isFew ? [{ id, isClasses: false }] : [{ id, isClasses: isSwept }];
  });
}

/** Which of its classes a run is in. @param {Sweep} sweep @param {string} axis @param {SweepRun} run @returns {number} */
export function classOf({ axes }, axis, run) {
  const values = axes.find(({ name }) => name === axis)?.values ?? [];
  return values.findIndex((value) => JSON.stringify(value) === JSON.stringify(run.values[axis]));
}

/** A run in words: what it was given, and what was measured of it. @param {SweepRun} run @param {Axis[]} axes */
export function runWords(run, axes) {
  const measured = axes.filter(({ isSwept }) => !isSwept).map((axis) => `${axis.label} ${spotOf(axis, run).text}`);
  return [describe(run.values) || run.name, ...measured, run.status].join(' · ');
}

/** Ranges as the address has them: `r1.weight:20-80`, in hundredths of the axis. @param {Map<string, [number, number]>} ranges */
export function rangesText(ranges) {
  return [...ranges].map(([id, [from, to]]) => `${id}:${Math.round(from * 100)}-${Math.round(to * 100)}`);
}

/** @param {string[]} texts @returns {Map<string, [number, number]>} */
export function rangesFrom(texts) {
  return new Map(texts.flatMap((text) => {
    const found = /^(.+):(\d{1,3})-(\d{1,3})$/.exec(text);
    const [from, to] = found === null ? [1, 0] : [Number(found[2]) / 100, Number(found[3]) / 100];
    return found !== null && from <= to && to <= 1 ? [/** @type {[string, [number, number]]} */ ([found[1], [from, to]])] : [];
  }));
}
