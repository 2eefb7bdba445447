// @ts-check
/** A family of runs as a tree over steps: in which order its rows stand, where each branch begins and ends. Pure. */

import { compareIds } from './cursor.js';
import { integer } from './format.js';
import { hasEnded } from './reduce.js';
import { valueText } from './sweep.js';

/** Steps that the axis shows at least. */
const FEWEST_STEPS = 10;
/** Ticks of the axis, at most. */
const MOST_TICKS = 6;

/**
 * @typedef {import('./types.js').Lineage} Lineage
 * @typedef {import('./types.js').LineageRun} LineageRun
 *
 * @typedef {object} Branch one row of the tree
 * @property {LineageRun} run
 * @property {number | null} parentRow row of the run that it goes on from
 * @property {number} from step at which it leaves its parent
 * @property {number} to the last step that it has
 * @property {number} until the last step that it is to have
 * @property {number} depth
 */

/**
 * The rows. Of forks of one run the latest to leave stands nearest to it, with all that goes on from it: so no branch
 * crosses another.
 * @param {Lineage} lineage
 * @returns {Branch[]}
 */
export function branches({ runs }) {
  const known = new Set(runs.map(({ id }) => id));
  /** @type {Map<string | null, LineageRun[]>} */
  const below = new Map();
  for (const run of runs) {
    const parent = run.parent && known.has(run.parent) ? run.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), run]);
  }
  /** @type {Branch[]} */
  const rows = [];
  const waiting = forks(below, null).map((run) => ({ run, parentRow: /** @type {number | null} */ (null), depth: 0 }));
  while (waiting.length > 0) {
    const { run, parentRow, depth } = /** @type {(typeof waiting)[number]} */ (waiting.shift());
    const from = run.parent_step ?? 0;
    const to = Math.max(from, run.step);
    const row = rows.push({ run, parentRow, depth, from, to, until: hasEnded(run.status) ? to : Math.max(to, run.steps) }) - 1;
    waiting.unshift(...forks(below, run.id).map((child) => ({ run: child, parentRow: row, depth: depth + 1 })));
  }
  return rows;
}

/** Those that go on from a run, the latest to leave first; of the same step the oldest. @param {Map<string | null, LineageRun[]>} below @param {string | null} id */
function forks(below, id) {
  return (below.get(id) ?? []).toSorted((a, b) => (b.parent_step ?? 0) - (a.parent_step ?? 0));
}

/** Steps that the axis shows. @param {Branch[]} rows @returns {number} */
export function lastStep(rows) {
  return Math.max(FEWEST_STEPS, ...rows.map(({ until }) => until));
}

/** Round steps from 0 to the last one. @param {number} last @param {number} [most] @returns {number[]} */
export function ticks(last, most = MOST_TICKS) {
  const size = 10 ** Math.floor(Math.log10(last / most));
  const apart = Math.max(1, [1, 2, 5, 10].map((times) => times * size).find((each) => last / each <= most) ?? 10 * size);
  return Array.from({ length: Math.floor(last / apart) + 1 }, (_, index) => index * apart);
}

/** What a run has otherwise than its parent, in a line. @param {LineageRun} run */
export function differsWords({ birth, differs }) {
  if (birth === 'launch') return '';
  const told = differs.map(({ name, old, new: value }) => `${name} ${side(old)} → ${side(value)}`).join(', ');
  if (birth === 'twin') return `twin: ${told === '' ? 'nothing changed' : told}`;
  return `${birth === 'rewind' ? 'rewind: ' : ''}${told === '' ? 'nothing changed' : told}`;
}

/** @param {any} value */
function side(value) {
  return value === null || value === undefined ? '–' : valueText(value);
}

/** A row in words, for those who do not see the tree. @param {Branch} branch @param {Branch[]} rows */
export function branchWords({ run, parentRow, from, to }, rows) {
  const origin = parentRow === null ? 'launched' : `${run.birth} of ${rows[parentRow].run.name} at step ${integer(from)}`;
  const what = differsWords(run);
  return `${origin}${what === '' ? '' : `; ${what}`}; at step ${integer(to)} of ${integer(run.steps)}`;
}

/** How large the family is, in words. @param {Lineage} lineage */
export function familyWords({ runs, n_left_out: further }) {
  if (runs.length === 1 && further === 0) return 'Nothing goes on from this run yet. “Fork…” on its page makes a branch.';
  const training = runs.filter(({ status }) => !hasEnded(status)).length;
  const rest = further === 0 ? '' : ` · ${further} newer ones are not shown`;
  return `${runs.length} runs${training > 0 ? `, ${training} of them not ended` : ', all ended'}${rest}`;
}

/**
 * What an event does to a family.
 * @param {Lineage} lineage
 * @param {import('./types.js').RunEvent} event
 * @returns {'same' | 'changed' | 'reload'} reload: a rewind has made another run
 */
export function applyToLineage({ runs, cursor }, { id, run: of, kind, step, body }) {
  const run = runs.find((each) => each.id === of);
  if (run === undefined || compareIds(id, cursor) <= 0) return 'same';
  if (kind === 'command.applied' && body.command === 'rewind') return 'reload';
  const before = `${run.status} ${run.step}`;
  if (kind === 'run.status') {
    run.status = body.status;
    run.step = body.from_step ?? run.step;
  }
  if (step !== null && step !== undefined) run.step = Math.max(run.step, step);
  return before === `${run.status} ${run.step}` ? 'same' : 'changed';
}
