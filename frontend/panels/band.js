// @ts-check
/** The words in the top bar: why nothing new comes, why a run waits, how it ended. They have their room reserved. */

import { h, icon, setAttribute, setText } from '../lib/dom.js';
import { cause } from '../lib/freshness.js';

const TICK_MS = 500;

/**
 * @param {import('../lib/store.js').Store} store
 * @returns {HTMLElement}
 */
export function band(store) {
  const words = h('span', { class: 'band-words', testid: 'band-words' });
  const mark = h('span', { class: 'state' });
  const said = h('span', { class: 'band', testid: 'band', role: 'status', hidden: true }, mark, words);
  const show = () => {
    const found = cause(store.state, performance.now());
    said.hidden = found === null;
    if (found === null) return;
    if (said.dataset.tone !== found.tone) mark.replaceChildren(icon(found.tone === 'bad' ? 'triangle' : 'diamond', found.tone));
    said.dataset.tone = found.tone;
    setText(words, found.text);
    setAttribute(said, 'title', found.text);
  };
  store.subscribe(['run', 'stream'], show);
  window.setInterval(() => {
    if (!document.hidden) show();
  }, TICK_MS);
  return h('span', { class: 'band-room' }, said);
}
