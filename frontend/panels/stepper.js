// @ts-check
/** The slider under pictures: every step of which there is one; at its end it follows the run. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { firstAtLeast } from '../lib/series.js';

/**
 * The step to show: the newest, or the last at or before the cursor.
 * @param {number[]} steps ascending
 * @param {number | null} cursor
 * @returns {number | null}
 */
export function stepAt(steps, cursor) {
  if (steps.length === 0) return null;
  if (cursor === null) return steps[steps.length - 1];
  return steps[Math.max(0, firstAtLeast(steps, cursor + 1) - 1)];
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {string} what
 * @param {HTMLElement[]} [tools] buttons at its end
 */
export function stepper(store, what, tools = []) {
  const slider = h('input', { type: 'range', min: 0, max: 0, value: 0, testid: 'samples-step', 'aria-label': `${what}: step`, disabled: true });
  const words = h('span', { class: 'meta stepper-words' });
  const live = h('button', { type: 'button', class: 'small', text: 'Latest', title: 'Follow the run (L)', testid: 'samples-latest', hidden: true });
  /** @type {number[]} */
  let steps = [];
  slider.addEventListener('input', () => {
    const index = Number(slider.value);
    const isNewest = index >= steps.length - 1;
    store.change(['view'], (state) => (state.view.cursor = isNewest ? null : steps[index]));
  });
  live.addEventListener('click', () => store.change(['view'], (state) => (state.view.cursor = null)));
  return {
    element: h('div', { class: 'stepper' }, slider, words, live, ...tools),
    /** @param {number[]} all @param {number | null} shown @param {number | null} cursor */
    update(all, shown, cursor) {
      steps = all;
      slider.disabled = all.length < 2;
      setAttribute(slider, 'max', String(Math.max(0, all.length - 1)));
      const at = shown === null ? 0 : firstAtLeast(all, shown);
      if (slider.value !== String(at)) slider.value = String(at);
      setAttribute(slider, 'aria-valuetext', shown === null ? 'none yet' : `step ${shown}`);
      live.hidden = cursor === null;
      setText(words, wordsFor(all, shown, cursor));
    },
  };
}

/** @param {number[]} all @param {number | null} shown @param {number | null} cursor */
function wordsFor(all, shown, cursor) {
  if (shown === null) return '';
  if (cursor === null) return `latest of ${integer(all.length)}`;
  const before = cursor - shown;
  return before > 0 ? `${integer(before)} before cursor` : `${integer(firstAtLeast(all, shown) + 1)} of ${integer(all.length)}`;
}
