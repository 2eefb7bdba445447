// @ts-check
/** A picture or an instrument over the whole window: the same thing once more, live, with its own room. */

import { h, icon, setText } from '../lib/dom.js';

/** The step in the title follows the picture so soon. */
const TELL_MS = 200;

export function enlarge() {
  const close = h('button', { type: 'submit', class: 'small', text: 'Close' });
  const title = h('h2');
  const room = h('div', { class: 'enlarged-room' });
  const dialog = h('dialog', { class: 'enlarged', testid: 'enlarged' }, h('form', { method: 'dialog', class: 'head' }, title, h('span', { class: 'spring' }), close), room);
  /** @type {import('./pictures.js').Content | null} */
  let content = null;
  let name = '';
  let timer = 0;
  const tell = () => {
    const words = content?.words() ?? '';
    setText(title, words === '' ? name : `${name}, ${words}`);
  };
  dialog.addEventListener('close', () => {
    window.clearInterval(timer);
    content?.dispose();
    content = null;
    room.replaceChildren();
    dialog.remove();
  });
  return {
    close: () => dialog.close(),
    /** @param {() => {title: string, content: import('./pictures.js').Content}} make */
    button(make) {
      const open = () => {
        const made = make();
        content = made.content;
        name = made.title;
        timer = window.setInterval(tell, TELL_MS);
        tell();
        dialog.setAttribute('aria-label', made.title);
        room.replaceChildren(content.element);
        document.body.append(dialog);
        dialog.showModal();
        room.querySelector('input')?.focus();
      };
      return h('button', { type: 'button', class: 'plain tool', title: 'Enlarge: over the whole window', 'aria-label': 'Enlarge', testid: 'enlarge', on: { click: open } }, icon('enlarge'));
    },
  };
}
