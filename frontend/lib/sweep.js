// @ts-check
/** A sweep: its runs laid out as a matrix, what events do to it, and what a cell says of a run. Pure. */

import { compareIds } from './cursor.js';
import { exact, fromWire, integer, number } from './format.js';
import { hasEnded } from './reduce.js';

/**
 * @typedef {import('./types.js').Sweep} Sweep
 * @typedef {import('./types.js').SweepRun} SweepRun
 * @typedef {import('./types.js').SweepAxis} SweepAxis
 *
 * @typedef {object} Choice axes that stand as rows and as columns; null for none
 * @property {string | null} rows
 * @property {string | null} columns
 *
 * @typedef {object} Group runs that differ in the two chosen axes only
 * @property {string} title the values of all other axes; empty where there is none
 * @property {(SweepRun | null)[][]} cells row by row; null where the run was deleted
 *
 * @typedef {object} Matrix
 * @property {SweepAxis | null} rows
 * @property {SweepAxis | null} columns
 * @property {Group[]} groups
 *
 * @typedef {object} Fact
 * @property {string} label
 * @property {string} text
 * @property {string} title
 */

/** Series that a cell shows, in this order, as far as the run has them. */
const METRICS = [
  { name: 'modes.captured', label: 'modes' },
  { name: 'modes.high_quality', label: 'high quality' },
  { name: 'modes.reverse_kl', label: 'reverse KL' },
  { name: 'coverage.recall', label: 'recall' },
  { name: 'frechet.distance', label: 'Fréchet' },
  { name: 'diversity.ratio', label: 'diversity' },
];
const LOSSES = [{ name: 'loss.d', label: 'loss D' }, { name: 'loss.g', label: 'loss G' }];
const COMPARED = new Set([...METRICS, ...LOSSES].flatMap(({ name }) => [name, `${name}.error`]));
const ACCURACY = /^samples\.(.+)\.accuracy$/;

/** Series of pictures that stand in a cell; a grid goes before points. @type {Record<string, 'grid' | 'points'>} */
const PICTURES = { samples: 'grid', points: 'points' };

/**
 * The axes that stand as rows and columns: those that were chosen, else the first two of which there is something to
 * compare; one alone makes columns, so that its runs stand side by side.
 * @param {SweepAxis[]} axes
 * @param {Choice | null} wanted
 * @returns {Choice}
 */
export function chosenAxes(axes, wanted) {
  const isAxis = (/** @type {string | null} */ name) => name === null || axes.some((axis) => axis.name === name);
  if (wanted !== null && isAxis(wanted.rows) && isAxis(wanted.columns) && (wanted.rows !== wanted.columns || wanted.rows === null)) return wanted;
  const several = axes.filter(({ values }) => values.length > 1);
  const [first, second] = several.length > 0 ? several : axes;
  if (first === undefined) return { rows: null, columns: null };
  return second === undefined ? { rows: null, columns: first.name } : { rows: first.name, columns: second.name };
}

/**
 * Another axis for the rows or the columns; an axis that stands there already changes places.
 * @param {Choice} choice
 * @param {'rows' | 'columns'} side
 * @param {string | null} name
 * @returns {Choice}
 */
export function rechosen(choice, side, name) {
  const other = side === 'rows' ? 'columns' : 'rows';
  const swapped = name !== null && choice[other] === name ? choice[side] : choice[other];
  return side === 'rows' ? { rows: name, columns: swapped } : { rows: swapped, columns: name };
}

/**
 * @param {Sweep} sweep
 * @param {Choice} choice
 * @returns {Matrix}
 */
export function matrix({ axes, runs }, choice) {
  const rows = axes.find(({ name }) => name === choice.rows) ?? null;
  const columns = axes.find(({ name }) => name === choice.columns) ?? null;
  const others = axes.filter((axis) => axis !== rows && axis !== columns);
  const order = [...others, ...(rows === null ? [] : [rows]), ...(columns === null ? [] : [columns])];
  const keyOf = (/** @type {Record<string, any>} */ values) => JSON.stringify(order.map(({ name }) => values[name]));
  const found = new Map(runs.map((run) => [keyOf(run.values), run]));
  const groups = combinations(others).map((fixed) => ({
    title: describe(fixed),
    cells: valuesOf(rows).map((row) => valuesOf(columns).map((column) => found.get(keyOf({ ...fixed, ...row, ...column })) ?? null)),
  }));
  return { rows, columns, groups };
}

/** The values of some axes as words. @param {Record<string, any>} values */
export function describe(values) {
  return Object.entries(values).map(([name, value]) => `${name} = ${valueText(value)}`).join(', ');
}

/** A value of an axis, short. @param {any} value */
export function valueText(value) {
  if (typeof value === 'number' || typeof value === 'boolean') return exact(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * What an event does to a sweep.
 * @param {Sweep} sweep
 * @param {import('./types.js').RunEvent} event
 * @returns {'same' | 'changed' | 'reload'} reload: a run went back to a checkpoint, and only the api knows what holds now
 */
export function applyToSweep(sweep, { id, run: of, kind, step, body }) {
  const run = sweep.runs.find((each) => each.id === of);
  if (run === undefined || compareIds(id, sweep.cursor) <= 0) return 'same';
  if (kind === 'run.status') {
    run.status = body.status;
    run.reason = body.reason ?? null;
    return (body.from_step ?? run.step) < run.step ? 'reload' : 'changed';
  }
  if (kind === 'scalars') takeScalars(run, body);
  else if ((kind === 'grid' || kind === 'points') && PICTURES[body.series] === kind) takePicture(run, kind, Number(step), body);
  if (step !== null && step !== undefined) run.step = Math.max(run.step, step);
  return 'changed';
}

/** @param {SweepRun} run @param {Record<string, any>} body */
function takeScalars(run, body) {
  for (const { steps, values } of body.groups) {
    const step = steps[steps.length - 1];
    for (const [name, column] of Object.entries(values)) {
      if (!COMPARED.has(name) && !ACCURACY.test(name)) continue;
      if (step >= (run.latest[name]?.step ?? 0)) run.latest[name] = { step, value: column[column.length - 1] };
    }
  }
}

/** @param {SweepRun} run @param {'grid' | 'points'} kind @param {number} step @param {Record<string, any>} body */
function takePicture(run, kind, step, body) {
  const before = run.picture;
  if (before && (before.step > step || (before.kind === 'grid' && kind === 'points'))) return;
  run.picture = { series: body.series, kind, step, ...(kind === 'points' ? { body } : {}) };
}

/**
 * The series by which runs are compared, of those that there are.
 * @param {Set<string>} names
 * @returns {{name: string, label: string}[]}
 */
export function metricsOf(names) {
  const labels = [...names].flatMap((name) => {
    const attribute = ACCURACY.exec(name)?.[1];
    return attribute === undefined ? [] : [{ name, label: attribute }];
  });
  return [...METRICS, ...labels, ...LOSSES].filter(({ name }) => names.has(name));
}

/**
 * What a cell says of a run's last measurements.
 * @param {SweepRun} run
 * @returns {Fact[]}
 */
export function facts({ latest }) {
  return metricsOf(new Set(Object.keys(latest))).map(({ name, label }) => {
    const { value, step } = latest[name];
    const error = latest[`${name}.error`]?.value;
    const isKnown = error !== undefined && Number.isFinite(fromWire(error));
    return { label, text: `${number(value)}${isKnown ? ` ± ${number(error, 2)}` : ''}`, title: `${name} at step ${integer(step)}` };
  });
}

/**
 * How many runs are in each state, in words, and how much of all their steps is done.
 * @param {Sweep} sweep
 */
export function progress({ runs }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const steps = runs.reduce((sum, run) => sum + run.steps, 0);
  const done = runs.reduce((sum, run) => sum + (hasEnded(run.status) ? run.steps : Math.min(run.step, run.steps)), 0);
  return {
    words: [...counts].map(([status, count]) => `${count} ${status}`).join(', '),
    share: steps > 0 ? done / steps : 0,
    left: runs.filter(({ status }) => !hasEnded(status)).length,
  };
}

/** @param {SweepAxis[]} axes @returns {Record<string, any>[]} each combination of their values, the last axis changing fastest */
function combinations(axes) {
  return axes.reduce(
    (/** @type {Record<string, any>[]} */ before, { name, values }) => before.flatMap((fixed) => values.map((value) => ({ ...fixed, [name]: value }))),
    [{}],
  );
}

/** @param {SweepAxis | null} axis @returns {Record<string, any>[]} */
function valuesOf(axis) {
  return axis === null ? [{}] : axis.values.map((value) => ({ [axis.name]: value }));
}
