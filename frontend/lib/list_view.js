// @ts-check
/** What the list of runs shows, in its address; which runs those are, and how they are grouped. Pure. */

import { hasEnded } from './reduce.js';

/**
 * @typedef {import('./types.js').Run} Run
 * @typedef {import('./overview.js').Overview} Overview
 * @typedef {'all' | 'training' | 'alarm' | 'ended'} Some
 * @typedef {'none' | 'sweep' | 'lineage'} Grouping
 *
 * @typedef {object} ListView
 * @property {string} words that a run must have, as they were typed
 * @property {Some} some which of the runs
 * @property {Grouping} group
 *
 * @typedef {object} Group
 * @property {string} id
 * @property {string} title
 * @property {string | null} href where its runs are seen together
 * @property {string} link what stands there
 * @property {Run[]} runs in the order of the list
 */

export const SOME = /** @type {const} */ (['all', 'training', 'alarm', 'ended']);
export const GROUPINGS = /** @type {const} */ (['none', 'sweep', 'lineage']);

const TRAINING = new Set(['starting', 'running', 'paused']);

/** @param {string} search @returns {ListView} */
export function viewFrom(search) {
  const params = new URLSearchParams(search);
  return {
    words: params.get('q') ?? '',
    some: SOME.find((each) => each === params.get('state')) ?? 'all',
    group: GROUPINGS.find((each) => each === params.get('group')) ?? 'none',
  };
}

/** What is as it would be anyway is left out. @param {ListView} view @returns {string} from the question mark on, or empty */
export function toSearch({ words, some, group }) {
  const parts = [
    ...(words === '' ? [] : [`q=${encodeURIComponent(words)}`]), ...(some === 'all' ? [] : [`state=${some}`]), ...(group === 'none' ? [] : [`group=${group}`]),
  ];
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/**
 * Whether a run has all of these words, in its name, recipe, state, id or tags, in any case.
 * @param {Pick<Run, 'id' | 'name' | 'status'> & {recipe?: string | null, tags?: string[]}} run
 * @param {string} words
 */
export function hasWords({ id, name, recipe, status, tags }, words) {
  const all = [id, name, recipe ?? '', status, ...(tags ?? [])].join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

/** @param {Run} run @param {Overview | undefined} overview @param {Some} some */
export function isOf({ status }, overview, some) {
  if (some === 'training') return TRAINING.has(status);
  if (some === 'ended') return hasEnded(status);
  return some === 'all' || (overview?.alarms.length ?? 0) > 0;
}

/**
 * Runs under their headings: each heading stands where its newest run would; what is of none comes last.
 * @param {Run[]} runs
 * @param {Map<string, Overview>} overviews
 * @param {Exclude<Grouping, 'none'>} grouping
 * @returns {Group[]}
 */
export function grouped(runs, overviews, grouping) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  /** @type {Group} */
  const others = { id: 'others', title: grouping === 'sweep' ? 'Not of a sweep' : 'Without forks', href: null, link: '', runs: [] };
  for (const run of runs) {
    const head = headOf(run, overviews.get(run.id), grouping);
    const group = head === null ? others : (groups.get(head.id) ?? { ...head, runs: [] });
    if (head !== null) groups.set(head.id, group);
    group.runs.push(run);
  }
  const alone = [...groups.values()].filter((group) => grouping === 'lineage' && group.runs.length === 1 && group.runs[0].id === group.id);
  for (const { id, runs: [run] } of alone) {
    groups.delete(id);
    others.runs.push(run);
  }
  others.runs.sort((a, b) => runs.indexOf(a) - runs.indexOf(b));
  return [...groups.values(), ...(others.runs.length > 0 ? [others] : [])];
}

/** How many of a group's runs are in which state: `9 runs: 2 running, 7 finished`. @param {Run[]} runs */
export function totals(runs) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}: ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}`;
}

/** @param {Run} run @param {Overview | undefined} overview @param {Grouping} grouping */
function headOf({ id, sweep }, overview, grouping) {
  if (grouping === 'sweep') {
    return !sweep ? null : { id: sweep, title: overview?.sweep_name ?? sweep, href: `/sweeps/${encodeURIComponent(sweep)}`, link: 'Compare as a matrix' };
  }
  const root = overview?.root ?? id;
  return { id: root, title: overview?.root_name ?? root, href: `/runs/${encodeURIComponent(root)}/lineage`, link: 'Lineage' };
}
