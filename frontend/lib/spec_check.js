// @ts-check
/** Asks about a spec while it is being written: not at every key, and only the newest answer counts. No drawing. */

/** A person who types pauses for so long when a word is finished. */
export const PAUSE_MS = 250;

/**
 * @template B, A
 * @param {object} deps
 * @param {(body: B) => Promise<A>} deps.ask
 * @param {(answer: A, body: B) => void} deps.onAnswer
 * @param {(error: any) => void} deps.onError
 * @param {(task: () => void, ms: number) => any} [deps.later] a timer
 * @param {(timer: any) => void} [deps.cancel]
 */
export function createChecker({ ask, onAnswer, onError, later = (task, ms) => setTimeout(task, ms), cancel = clearTimeout }) {
  let newest = 0;
  /** @type {any} */
  let timer = null;
  /** @type {B | null} */
  let waiting = null;
  /** @type {Promise<void>} */
  let going = Promise.resolve();

  const send = async (/** @type {B} */ body, /** @type {number} */ number) => {
    try {
      const answer = await ask(body);
      if (number === newest) onAnswer(answer, body);
    } catch (error) {
      if (number === newest) onError(error);
    }
  };
  const start = () => {
    const body = waiting;
    timer = null;
    waiting = null;
    if (body !== null) going = send(body, newest);
  };
  const drop = () => {
    if (timer !== null) cancel(timer);
    timer = null;
    newest += 1;
  };

  return {
    /** Ask after a pause; whatever was asked before does not count any more. @param {B} body */
    about(body) {
      drop();
      waiting = body;
      timer = later(start, PAUSE_MS);
    },
    /** Ask at once what waits, and wait for the answer. */
    async settled() {
      if (timer !== null) {
        cancel(timer);
        start();
      }
      await going;
    },
    /** No answer is wanted any more. */
    stop() {
      drop();
      waiting = null;
    },
  };
}
