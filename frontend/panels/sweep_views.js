// @ts-check
/** How a sweep is looked at: as a matrix, across parallel axes, or as rows of samples. Each has an address of its own. */

import { h, setAttribute } from '../lib/dom.js';

export const VIEWS = { matrix: 'Matrix', parallel: 'Parallel axes', pictures: 'Rows of samples' };

/** @typedef {keyof typeof VIEWS} View */

/** The view that the address asks for. @param {string | null} text @returns {View} */
export function viewOf(text) {
  return text !== null && text in VIEWS ? /** @type {View} */ (text) : 'matrix';
}

/** @param {(view: View) => void} choose */
export function sweepViews(choose) {
  const buttons = Object.entries(VIEWS).map(([view, text]) => h('button', { type: 'button', class: 'small', text, data: { view }, testid: `view-${view}`, on: { click: () => choose(/** @type {View} */ (view)) } }));
  return {
    element: h('div', { class: 'sweep-views', role: 'group', 'aria-label': 'How to look at it' }, ...buttons),
    /** @param {View} current */
    update(current) {
      for (const button of buttons) setAttribute(button, 'aria-pressed', String(button.dataset.view === current));
    },
  };
}
