// @ts-check
/** In place of the verbs, where the page is a file: what it is, made when, and what it leaves out. */

import { h } from '../lib/dom.js';
import { limitsOf, madeWords, READ_ONLY } from '../lib/recording.js';
import { menu } from './menu.js';

/**
 * @param {import('../lib/recording.js').Recording} recording
 * @returns {{element: HTMLElement, dispose: () => void}}
 */
export function recordingNote(recording) {
  const limits = menu(h('summary', { class: 'button', text: 'What it holds' }), { class: 'recording-limits', testid: 'recording-limits' });
  limits.list.append(...[...limitsOf(recording), READ_ONLY].map((text) => h('li', { class: 'meta', text })));
  const words = h('p', { class: 'recording-words' }, h('strong', { text: 'A recording, ' }), madeWords(recording));
  return { element: h('div', { class: 'commands recording', testid: 'recording' }, words, limits.element), dispose: () => {} };
}
