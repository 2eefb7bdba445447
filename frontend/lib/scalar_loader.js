// @ts-check
/**
 * Fetches the scalar series of runs, each once. Those of a fork are asked for until the fork has announced them: its
 * past is its parent's, and is there as soon as it begins.
 */

import { getSeries } from './connection.js';
import { noneYet } from './fetching.js';
import { bucketsFrom, emptyBuckets } from './series.js';
import { BUCKETS } from './snapshot.js';

/** A series that a fork has not announced is asked for so often, with such a wait between. */
const MOST_TRIES = 10;
const RETRY_MS = 2000;

/** @typedef {import('./store.js').RunState} RunState */

/**
 * @param {(open: RunState) => boolean} isWanted whether that snapshot is still the one that is shown
 * @param {(open: RunState, name: string) => void} onLate a series came after it had been waited for
 * @param {(error: unknown) => void} onError
 * @returns {(open: RunState, name: string) => Promise<void>}
 */
export function scalarLoader(isWanted, onLate, onError) {
  /** @type {WeakMap<RunState, Map<string, Promise<void>>>} */
  const asked = new WeakMap();
  /** @type {WeakMap<RunState, Map<string, number>>} */
  const tries = new WeakMap();

  /** @param {RunState} open @param {string} name */
  const ask = async (open, name) => {
    if (await fetchScalar(open, name)) return;
    const times = (held(tries, open).get(name) ?? 0) + 1;
    held(tries, open).set(name, times);
    if (times > MOST_TRIES) open.scalars.set(name, emptyBuckets(name, open.run.cursor));
    else window.setTimeout(() => isWanted(open) && load(open, name).then(() => onLate(open, name), onError), RETRY_MS);
  };
  /** @param {RunState} open @param {string} name */
  const load = async (open, name) => {
    if (open.scalars.has(name)) return;
    const running = held(asked, open);
    if (!running.has(name)) running.set(name, ask(open, name).finally(() => running.delete(name)));
    await running.get(name);
  };
  return load;
}

/**
 * Whether an event changes more than it tells, so that all has to be asked anew: a run goes back to a checkpoint while its
 * buckets are wide, or a fork begins whose past is not there yet.
 * @param {RunState} open
 * @param {import('./types.js').RunEvent} event
 * @param {number} attempt of the snapshot
 */
export function needsSnapshot({ run, scalars }, { kind, body, attempt: now }, attempt) {
  if (kind !== 'run.status' || !(body.from_step > 0)) return false;
  const all = [...scalars.values()];
  const hasPast = !run.parent || all.some(({ steps }) => steps.length > 0 && steps[0] <= (run.parent_step ?? 0));
  return !hasPast || (now > attempt && all.some(({ bucketSteps }) => bucketSteps > 1));
}

/**
 * A series of which no value was ever seen starts empty; it is not asked for.
 * @param {RunState} open
 * @param {string} name
 * @returns {Promise<boolean>} whether it is there: of a fork, not before it has announced it
 */
async function fetchScalar(open, name) {
  const isFork = Boolean(open.run.parent);
  const answer = isFork || open.lastValues.has(name) ? await getSeries(open.run.id, name, { buckets: BUCKETS }).catch(noneYet) : null;
  if (answer === null && isFork) return false;
  open.scalars.set(name, answer === null ? emptyBuckets(name, open.run.cursor) : bucketsFrom(answer));
  return true;
}

/**
 * @template V
 * @param {WeakMap<RunState, Map<string, V>>} all
 * @param {RunState} open
 * @returns {Map<string, V>}
 */
function held(all, open) {
  const found = all.get(open) ?? new Map();
  all.set(open, found);
  return found;
}
