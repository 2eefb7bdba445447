// @ts-check
/** How old the open run's data are, and why nothing new comes, in words. Pure. */

import { age } from './format.js';
import { hasEnded } from './reduce.js';

/** Data of a running run older than this are marked … */
const STALE_S = 3;
/** … and older than this the page says why: within ten seconds, the time to look included. */
const SILENT_S = 8;
/** A connection that is lost is said sooner, unless it is back at once. */
const LOST_S = 2;

/** What a state means when the run gives no reason of its own. */
const MEANINGS = /** @type {Record<string, string>} */ ({
  queued: 'Queued: it starts when a worker has a free slot.',
  starting: 'Starting: the trainer prepares the data and builds both networks. The first run of a dataset on a machine draws or reads it and fits its judge, which can take minutes.',
  lost: 'The trainer is gone. The run goes on from its last checkpoint as soon as a worker takes it.',
  parked: 'Parked: checkpointed, its slot is free. Resume puts it back in the queue.',
});

/**
 * How fresh the open run's data are, in words.
 * @param {import('./store.js').State} state
 * @param {number} now_ms
 * @returns {{text: string, tone: string, shape: 'dot' | 'ring' | 'diamond' | 'bars', isSilent: boolean}}
 */
export function freshness({ open, stream, recording }, now_ms) {
  const plain = (/** @type {string} */ text) => ({ text, tone: 'meta', shape: /** @type {const} */ ('ring'), isSilent: false });
  if (open === null) return plain('');
  if (recording !== null) return plain('recorded');
  const silent_s = stream.arrivedAt_ms === null ? null : (now_ms - stream.arrivedAt_ms) / 1000;
  if (stream.state === 'retrying') {
    const since = silent_s === null ? '' : ` ${age(silent_s)}`;
    return { text: `connection lost${since}`, tone: 'bad', shape: 'diamond', isSilent: (silent_s ?? LOST_S) >= LOST_S };
  }
  if (hasEnded(open.run.status)) return plain('ended');
  if (stream.state !== 'open' || silent_s === null) return plain(stream.state === 'open' ? 'connected' : 'connecting');
  if (open.run.status === 'paused') return { text: 'paused', tone: 'warn', shape: 'bars', isSilent: false };
  if (open.run.status !== 'running') return plain(open.run.status);
  if (silent_s < STALE_S) return { text: `live ${age(silent_s)}`, tone: 'ok', shape: 'dot', isSilent: false };
  return { text: `no data for ${age(silent_s)}`, tone: 'warn', shape: 'diamond', isSilent: silent_s >= SILENT_S };
}

/**
 * @param {import('./store.js').State} state
 * @param {number} now_ms
 * @returns {{text: string, tone: 'warn' | 'bad' | 'meta'} | null} null when all is as it should be
 */
export function cause(state, now_ms) {
  const { open, stream } = state;
  if (open === null) return null;
  const { status, reason } = open.run;
  if (freshness(state, now_ms).isSilent) {
    const silent_s = (now_ms - (stream.arrivedAt_ms ?? now_ms)) / 1000;
    const why = stream.state === 'retrying'
      ? `the connection is lost (try ${stream.retries}); training goes on without the page`
      : stream.isServerThere === false ? 'the server does not answer; a trainer that is alive goes on without it' : 'the trainer is silent';
    return { text: `No data for ${age(silent_s)}: ${why}. The charts show what was known.`, tone: 'warn' };
  }
  if (status === 'failed') return { text: `Failed: ${reason ?? 'no reason was given'}`, tone: 'bad' };
  if (status === 'stopped' || status === 'finished') return reason ? { text: reason, tone: 'meta' } : null;
  if (!(status in MEANINGS)) return null;
  if (status === 'starting' && open.run.attempt > 1) return { text: `Starting again, attempt ${open.run.attempt}: it goes on from its last checkpoint.`, tone: 'warn' };
  return { text: reason ? `${capital(status)}: ${reason}` : MEANINGS[status], tone: status === 'lost' ? 'warn' : 'meta' };
}

/** @param {string} word */
function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}
