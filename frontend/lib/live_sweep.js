// @ts-check
/** Keeps the open sweep in step with the server: one answer, then the events of its runs. */

import { get, openStream, Problem } from './connection.js';
import { changeState } from './live.js';
import { applyToSweep } from './sweep.js';

/** A run that went back to a checkpoint: the sweep is asked again after this, once for all events of that moment. */
const SETTLE_MS = 500;
const RETRY_MS = 2000;

/**
 * @param {import('./store.js').Store} store
 * @param {string} id
 * @param {(problem: Problem) => void} onProblem only what no retry can mend: no such sweep, no session
 * @returns {() => void} stops
 */
export function followSweep(store, id, onProblem) {
  let isStopped = false;
  let timer = 0;
  let close = () => {};

  const load = async () => {
    const sweep = await get(`/sweeps/${encodeURIComponent(id)}`);
    if (isStopped) return;
    store.change(['sweep'], (state) => (state.sweep = sweep));
    close();
    close = openStream(sweep.runs.map((/** @type {any} */ run) => run.id), sweep.cursor, {
      onEvent: (event) => {
        const effect = applyToSweep(sweep, event);
        if (effect !== 'same') store.change(['sweep'], () => {});
        if (effect === 'reload') later(SETTLE_MS);
      },
      onState: (to) => store.change(['stream'], ({ stream }) => changeState(stream, to)),
      onLost: () => later(RETRY_MS),
    });
  };
  const refresh = () => {
    load().catch((error) => {
      if (!(error instanceof Problem)) throw error;
      if (isStopped) return;
      if (error.isFinal) {
        onProblem(error);
        return;
      }
      store.change(['stream'], ({ stream }) => changeState(stream, 'retrying'));
      later(RETRY_MS);
    });
  };
  const later = (/** @type {number} */ wait_ms) => {
    window.clearTimeout(timer);
    if (!isStopped) timer = window.setTimeout(refresh, wait_ms);
  };

  store.change(['sweep'], (state) => (state.sweep = null));
  refresh();
  return () => {
    isStopped = true;
    window.clearTimeout(timer);
    close();
    store.change(['sweep'], (state) => (state.sweep = null));
  };
}
