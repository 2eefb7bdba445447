// @ts-check
/** What a comparison fetches of each run before its stream begins: the run, when it was at which step, and what it goes on from. */

import { CLOCK_KINDS, newClock, tick } from './clock.js';
import { get, Problem } from './connection.js';
import { openRun } from './reduce.js';
import { loadInfos, loadLedger, loadPictures } from './snapshot.js';

/** Events of a clock that are asked at a time: all that the api gives. */
const MOST_EVENTS = 5000;

/** A run as it is now; that there is none is an answer, too. @param {string} id */
export async function loadRun(id) {
  const run = await get(`/runs/${encodeURIComponent(id)}`).catch((error) => {
    if (error instanceof Problem && error.status === 404) return error;
    throw error;
  });
  if (run instanceof Problem) return run;
  const open = openRun(run);
  const [clock] = await Promise.all([loadClock(id), loadLedger(open), loadInfos(open)]);
  await loadPictures(open);
  return { open, clock };
}

/** @param {string} id */
async function loadClock(id) {
  const clock = newClock();
  const kinds = CLOCK_KINDS.map((kind) => `kind=${kind}`).join('&');
  /** @type {string | null} */
  let after = null;
  do {
    /** @type {{items: import('./types.js').RunEvent[], next: string | null}} */
    const page = await get(`/runs/${encodeURIComponent(id)}/events?${kinds}&limit=${MOST_EVENTS}${after === null ? '' : `&after=${after}`}`);
    for (const event of page.items) tick(clock, event);
    after = page.next;
  } while (after !== null);
  return clock;
}

/** What every run goes on from, and what that goes on from: asked only where a fork's parent is not compared itself. @param {import('./compare.js').CompareState} state */
export async function originsOf({ ids, opens }) {
  /** @type {Map<string, import('./compare.js').Origin>} */
  const origins = new Map();
  const learn = (/** @type {{id: string, parent?: string | null, parent_step?: number | null}} */ { id, parent, parent_step: step }) => {
    if (parent) origins.set(id, { parent, step: step ?? 0 });
  };
  for (const { run } of opens.values()) learn(run);
  for (const id of ids) {
    const parent = origins.get(id)?.parent;
    if (parent === undefined || ids.includes(parent) || origins.has(parent)) continue;
    const family = await get(`/runs/${encodeURIComponent(id)}/lineage`);
    family.runs.forEach(learn);
  }
  return origins;
}
