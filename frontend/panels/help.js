// @ts-check
/** What the keyboard does, in a dialog: the button in the bar above, or “?”. */

import { h } from '../lib/dom.js';

const KEYS = [
  ['?', 'this help'],
  ['/', 'filter the list of runs'],
  ['Space', 'hold the view at this step, or follow the run again; the training goes on'],
  ['← →', 'move the cursor by a hundredth of the run; with Shift by a tenth'],
  ['N, P', 'next and previous mark: changes of knobs, alarms'],
  ['F', 'play the run as a film, from the cursor on'],
  ['L', 'follow the run live'],
  ['Esc', 'show all steps again'],
  ['Ctrl + Enter', 'apply the knobs that were edited'],
];

/** @returns {{button: HTMLElement, dialog: HTMLDialogElement}} */
export function help() {
  const rows = KEYS.map(([key, words]) => h('div', { class: 'help-row' }, h('dt', {}, h('kbd', { text: key })), h('dd', { text: words })));
  const close = h('button', { type: 'submit', class: 'primary', text: 'Close', autofocus: true });
  const more = h('a', { href: '/api/v1/docs', text: 'The REST API' });
  const docs = h('a', { href: '/docs', text: 'What the charts show', testid: 'help-docs', on: { click: () => dialog.close() } });
  const dialog = h('dialog', { class: 'help', 'aria-label': 'Keyboard', testid: 'help' },
    h('form', { method: 'dialog' }, h('h2', { text: 'Keyboard' }), h('dl', {}, ...rows), h('div', { class: 'row' }, docs, more, h('span', { class: 'spring' }), close)));
  const button = h('button', { class: 'plain small', type: 'button', text: '?', 'aria-label': 'Help: what the keyboard does', testid: 'help-button', on: { click: () => dialog.showModal() } });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
    if (event.key !== '?' || isTyping || dialog.open) return;
    event.preventDefault();
    dialog.showModal();
  });
  return { button, dialog };
}
