// @ts-check
/** Keeps what one answer of the api says of several runs in step with the server: the answer, then the events of its runs. */

import { get, openStream, Problem } from './connection.js';
import { changeState } from './live.js';

/** A run that went back to a checkpoint: all is asked again after this, once for all events of that moment. */
const SETTLE_MS = 500;
const RETRY_MS = 2000;

/**
 * @typedef {object} Following
 * @property {() => void} stop
 * @property {() => void} refresh ask anew
 *
 * @param {import('./store.js').Store} store
 * @param {object} what
 * @param {'sweep' | 'lineage'} what.topic where in the state it stands
 * @param {string} what.path
 * @param {(answer: any, event: import('./types.js').RunEvent) => 'same' | 'changed' | 'reload'} what.apply
 * @param {(problem: Problem) => void} onProblem only what no retry can mend: no such thing, no session
 * @returns {Following}
 */
export function followAnswer(store, { topic, path, apply }, onProblem) {
  let isStopped = false;
  let timer = 0;
  let close = () => {};
  const put = (/** @type {any} */ answer) => store.change([topic], (state) => Object.assign(state, { [topic]: answer }));

  const load = async () => {
    const answer = await get(path);
    if (isStopped) return;
    put(answer);
    close();
    close = openStream(answer.runs.map((/** @type {{id: string}} */ { id }) => id), answer.cursor, {
      onEvent: (event) => {
        const effect = apply(answer, event);
        if (effect !== 'same') store.change([topic], () => {});
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

  put(null);
  refresh();
  return {
    stop: () => {
      isStopped = true;
      window.clearTimeout(timer);
      close();
      put(null);
    },
    refresh,
  };
}
