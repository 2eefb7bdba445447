// @ts-check
/** A titled box: header, and a body that is filled by whoever asked for it. */

import { h } from '../lib/dom.js';
import { whatIs } from './what.js';

/**
 * @param {string} title
 * @param {{class?: string, testid?: string, concept?: string}} [props] concept: what tells what it shows
 */
export function panel(title, { class: className = '', testid, concept } = {}) {
  const heading = h('h2', { text: title });
  const aside = h('div', { class: 'aside' });
  const what = whatIs(title, concept ?? '');
  what.button.hidden = concept === undefined;
  const head = h('header', { class: 'head' }, heading, aside, what.button);
  const body = h('div', { class: 'body' });
  const element = h('section', { class: `panel ${className}`.trim(), 'aria-label': title, testid }, head, body);
  return { element, head, heading, aside, body, what };
}

/** What a panel shows until it has something: it says what it waits for. @param {string} [text] */
export function waiting(text = '') {
  return h('p', { class: 'waiting', text });
}

/**
 * A body that scrolls can be reached by key, also while nothing in it takes the focus.
 * @param {HTMLElement} body
 * @param {string} name
 */
export function scrolls(body, name) {
  body.tabIndex = 0;
  body.setAttribute('role', 'region');
  body.setAttribute('aria-label', `${name}: list`);
}
