// @ts-check
/**
 * A run that says nothing: is the trainer silent, or does nothing of what it says come through? A connection that is
 * dead without a word looks like an open one, so the server is asked; and where it knows of later steps, everything is
 * fetched anew.
 */

import { getSoon, Problem } from './connection.js';

const TICK_MS = 1000;
/** A running run is asked about when it has said nothing for so long, and again after as long as that … */
const PATIENCE_MS = 4000;
/** … and who does not answer within this is not there. */
const WITHIN_MS = 3000;

/**
 * @param {import('./store.js').Store} store
 * @param {string} id
 * @param {() => void} again fetch everything anew
 * @returns {() => void} ends it
 */
export function watchSilence(store, id, again) {
  let askedAt_ms = -Infinity;
  const set = (/** @type {boolean | null} */ isThere) => {
    if (store.state.stream.isServerThere !== isThere) store.change(['stream'], ({ stream }) => (stream.isServerThere = isThere));
  };
  const look = async () => {
    const { open, stream } = store.state;
    const now = performance.now();
    const { arrivedAt_ms } = stream;
    const isSilent = open?.run.status === 'running' && stream.state === 'open' && arrivedAt_ms !== null && now - arrivedAt_ms > PATIENCE_MS;
    if (!isSilent) set(null);
    if (!isSilent || document.hidden || now - askedAt_ms < PATIENCE_MS) return;
    askedAt_ms = now;
    const run = await getSoon(`/runs/${encodeURIComponent(id)}`, WITHIN_MS).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      return null;
    });
    if (store.state.open !== open || store.state.stream.arrivedAt_ms !== arrivedAt_ms) return;
    set(run !== null);
    if (run !== null && run.step > (open?.run.step ?? 0)) again();
  };
  const timer = window.setInterval(look, TICK_MS);
  return () => window.clearInterval(timer);
}
