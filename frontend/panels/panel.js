// @ts-check
/** A titled box: header, and a body that is filled by whoever asked for it. */

import { h } from '../lib/dom.js';

/**
 * @param {string} title
 * @param {{class?: string, testid?: string}} [props]
 */
export function panel(title, { class: className = '', testid } = {}) {
  const heading = h('h2', { text: title });
  const aside = h('div', { class: 'aside' });
  const head = h('header', { class: 'head' }, heading, aside);
  const body = h('div', { class: 'body' });
  const element = h('section', { class: `panel ${className}`.trim(), 'aria-label': title, testid }, head, body);
  return { element, head, heading, aside, body };
}

/** What a panel shows until it has something: it says what it waits for. @param {string} [text] */
export function waiting(text = '') {
  return h('p', { class: 'waiting', text });
}
