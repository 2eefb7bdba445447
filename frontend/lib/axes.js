// @ts-check
/** Axes of a sweep while they are being written: which there may be, and what their values are. Pure. */

import { entries, find, LISTS } from './entries.js';
import { fieldsOf } from './schema.js';
import { GAME_SCHEMA, RUN_SCHEMA } from './spec.js';

/** Kinds of field that take one value each. */
const PLAIN = new Set(['number', 'integer', 'boolean', 'choice']);

/** Parts of a spec that look on, and change nothing. */
const WATCHING = new Set(LISTS.filter((family) => family !== 'regularisers'));

/**
 * @typedef {any[] | {from: number, to: number, count: number, scale: string}} Axis as the api takes it
 */

/**
 * What a sweep of this spec may be over, by the names that knobs have. Seeds have a field of their own.
 * @param {Record<string, any>} spec
 * @param {import('./types.js').Catalogue} catalogue
 * @returns {string[]}
 */
export function sweepable(spec, catalogue) {
  const own = fieldsOf(RUN_SCHEMA).filter(({ param }) => param === 'steps' || param === 'batch').map(({ param }) => param);
  const game = fieldsOf(GAME_SCHEMA).map(({ param }) => `game.${param}`);
  const parts = entries(spec).filter(({ family }) => !WATCHING.has(/** @type {any} */ (family))).flatMap(({ where, family, given }) => {
    const component = find(catalogue, family, given.name);
    const entry = family === 'optimisers' ? `optimiser.${where.split('.')[1].toLowerCase()}` : (given.as ?? given.name);
    return component === undefined ? [] : fieldsOf(component.params).filter(({ kind }) => PLAIN.has(kind)).map(({ param }) => `${entry}.${param}`);
  });
  return [...parts, ...own, ...game];
}

/**
 * Values as typed: `0.3, 0.5, 0.7`, a JSON list, or `log:0.01:10:4` (from, to, how many).
 * @param {string} text
 * @returns {{axis: Axis} | {problem: string}}
 */
export function parseAxis(text) {
  const trimmed = text.trim();
  if (trimmed === '') return { problem: 'needs values: 0.3, 0.5, 0.7 or log:0.01:10:4' };
  const range = /^(log|linear):([^:]*):([^:]*):([^:]*)$/.exec(trimmed);
  if (range !== null) {
    const [scale, from, to, count] = [range[1], ...range.slice(2).map((part) => (part.trim() === '' ? NaN : Number(part)))];
    const isRange = [from, to, count].every((number) => Number.isFinite(number));
    return isRange ? { axis: /** @type {Axis} */ ({ from, to, count, scale }) } : { problem: `${range[1]}: needs from:to:how many; got ${trimmed}` };
  }
  if (trimmed.startsWith('[')) {
    const list = parsed(trimmed);
    return Array.isArray(list) ? { axis: list } : { problem: `this is no JSON list: ${trimmed}` };
  }
  return { axis: trimmed.split(',').map((part) => part.trim()).filter((part) => part !== '').map(valueOf) };
}

/**
 * @param {string} text `1, 2, 3`; nothing: no seeds
 * @returns {{seeds: number[]} | {problem: string}}
 */
export function parseSeeds(text) {
  const seeds = text.split(',').map((part) => part.trim()).filter((part) => part !== '');
  const wrong = seeds.find((part) => !/^\d+$/.test(part));
  return wrong === undefined ? { seeds: seeds.map(Number) } : { problem: `seeds are whole numbers; got ${wrong}` };
}

/**
 * Runs that these axes make.
 * @param {Record<string, Axis>} axes
 * @param {number[]} seeds
 */
export function countRuns(axes, seeds) {
  const sizes = Object.values(axes).map((axis) => (Array.isArray(axis) ? axis.length : axis.count));
  return [...sizes, Math.max(1, seeds.length)].reduce((product, size) => product * size, 1);
}

/** A value as typed: JSON when it is JSON, else the text itself. @param {string} text */
function valueOf(text) {
  const found = parsed(text);
  return found === undefined ? text : found;
}

/** @param {string} text @returns {any} undefined when it is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
