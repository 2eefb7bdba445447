// @ts-check
/** The cursor, moved: to a mark, by a share of the run, or by itself, as a film. */

import { alarmMarks, changeMarks } from './marks.js';

/** A film lasts so long, however many steps it has. */
const FILM_MS = 20_000;
const FRAME_MS = 100;

/**
 * The step of the next mark from a step on, or of the one before it; null where there is none.
 * @param {number[]} marks
 * @param {number} from
 * @param {1 | -1} direction
 * @returns {number | null}
 */
export function nextMark(marks, from, direction) {
  const beyond = marks.filter((step) => (step - from) * direction > 0);
  if (beyond.length === 0) return null;
  return direction > 0 ? Math.min(...beyond) : Math.max(...beyond);
}

/**
 * Pin the cursor to a step; from the newest on, the page follows the run.
 * @param {import('./store.js').Store} store
 * @param {number | null} step
 */
export function pin(store, step) {
  store.change(['view'], ({ open, view }) => {
    view.cursor = step === null || step >= (open?.run.step ?? 0) ? null : Math.max(0, Math.round(step));
  });
}

/** @param {import('./store.js').Store} store @param {1 | -1} direction */
export function jump(store, direction) {
  const { open, view } = store.state;
  const marks = [...changeMarks(open), ...alarmMarks(open)].map(({ step }) => step);
  const found = nextMark(marks, view.cursor ?? open?.run.step ?? 0, direction);
  if (found !== null) pin(store, found);
}

/**
 * @param {import('./store.js').Store} store
 * @param {(isPlaying: boolean) => void} onChange
 */
export function playback(store, onChange) {
  let timer = 0;
  const stop = () => {
    window.clearInterval(timer);
    if (timer !== 0) onChange(false);
    timer = 0;
  };
  const advance = () => {
    const { open, view } = store.state;
    if (open === null || view.cursor === null) stop();
    else pin(store, view.cursor + Math.max(1, (open.run.step * FRAME_MS) / FILM_MS));
  };
  return {
    stop,
    /** From the cursor on, or from the beginning where the page follows the run. */
    toggle() {
      if (timer !== 0) {
        stop();
        return;
      }
      if (store.state.view.cursor === null) pin(store, 0);
      timer = window.setInterval(advance, FRAME_MS);
      onChange(true);
    },
  };
}
