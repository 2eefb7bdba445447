// @ts-check
/** The γ picture: a row of samples for each value of one axis. Pure. */

import { describe, valueText } from './sweep.js';

/** A sample is drawn about so large, in whole multiples of its pixels (CSS pixels). */
const ABOUT_PX = 64;

/**
 * @typedef {import('./types.js').Sweep} Sweep
 * @typedef {import('./types.js').SweepRun} SweepRun
 *
 * @typedef {object} Strip one row
 * @property {string} value of the axis
 * @property {{run: SweepRun, rest: string}[]} runs with the values of their other axes in words
 */

/** The axis whose values are rows: that of the address, else the first that varies and is not the seed. @param {Sweep} sweep @param {string | null} wanted */
export function rowAxis({ axes }, wanted) {
  const several = axes.filter(({ values }) => values.length > 1);
  const found = axes.find(({ name }) => name === wanted) ?? several.find(({ name }) => name !== 'seed') ?? several[0] ?? axes[0];
  return found?.name ?? null;
}

/** Values of all other axes, in words, as they first come. @param {Pick<Sweep, 'runs'>} sweep @param {string | null} axis @returns {string[]} */
export function others({ runs }, axis) {
  return [...new Set(runs.map((run) => restWords(run, axis)))];
}

/**
 * The rows: each value of the axis, with its runs; a value whose runs were all deleted has none.
 * @param {Sweep} sweep
 * @param {string | null} axis
 * @param {string | null} only the other values that are shown, in words; null: all of them
 * @returns {Strip[]}
 */
export function strips({ axes, runs }, axis, only) {
  const values = axes.find(({ name }) => name === axis)?.values ?? [];
  const known = others({ runs }, axis);
  const wanted = only !== null && known.includes(only) ? only : null;
  return values.map((value) => ({
    value: valueText(value),
    runs: runs.filter((run) => JSON.stringify(run.values[axis ?? '']) === JSON.stringify(value))
      .map((run) => ({ run, rest: restWords(run, axis) })).filter(({ rest }) => wanted === null || rest === wanted),
  }));
}

/** @param {SweepRun} run @param {string | null} axis */
function restWords({ values }, axis) {
  return describe(Object.fromEntries(Object.entries(values).filter(([name]) => name !== axis)));
}

/**
 * In which order a grid's cells are shown: by turns from each of its rows, since a row of a labelled grid is one class.
 * @param {number} rows
 * @param {number} columns
 * @returns {{row: number, column: number}[]}
 */
export function cellOrder(rows, columns) {
  return Array.from({ length: rows * columns }, (_, index) => ({ row: index % rows, column: Math.floor(index / rows) }));
}

/**
 * How large a sample is drawn: a whole multiple of its own pixels on the screen.
 * @param {number} size of a cell, in its own pixels
 * @param {number} ratio device pixels to a CSS pixel
 * @returns {number} CSS pixels
 */
export function cellSide(size, ratio) {
  return (Math.max(1, Math.floor((ABOUT_PX * ratio) / size)) * size) / ratio;
}
