// @ts-check
/** A question before what cannot be undone: the safe answer has the focus, and Escape means it too. */

import { h, setText } from '../lib/dom.js';

/**
 * @param {{label: string, words: string, keep: string, go: string, testid: string}} texts label: of the dialog, and the question
 *   where none is asked of its own; keep and go: the two answers
 * @param {() => void} act
 */
export function confirmation({ label, words, keep, go, testid }, act) {
  const title = h('h2', { text: label });
  const safe = h('button', { type: 'submit', value: 'keep', text: keep, autofocus: true });
  const danger = h('button', { type: 'submit', value: 'go', class: 'danger', text: go, testid });
  const dialog = h('dialog', { 'aria-label': label },
    h('form', { method: 'dialog' }, title, h('p', { class: 'words', text: words }), h('div', { class: 'row' }, safe, danger)));
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'go') act();
    dialog.returnValue = '';
  });
  return {
    dialog,
    /** @param {string} [question] */
    ask(question = label) {
      setText(title, question);
      dialog.showModal();
    },
  };
}
