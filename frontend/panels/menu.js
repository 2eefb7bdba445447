// @ts-check
/** A small menu behind a button, which closes when one leaves it. */

import { h } from '../lib/dom.js';

/**
 * @param {HTMLElement} summary what opens it
 * @param {{class?: string, testid?: string}} props
 */
export function menu(summary, { class: className = '', testid }) {
  const list = h('ul');
  const element = h('details', { class: `menu ${className}`.trim(), testid }, summary, list);
  const close = () => (element.open = false);
  element.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) close();
  });
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !element.open) return;
    event.stopPropagation();
    close();
    summary.focus();
  });
  return { element, list, close };
}
