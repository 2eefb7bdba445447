// @ts-check
/** What a chart or panel shows, in words, at the right of the page, which goes on behind it. */

import { get, Problem } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { waiting } from './panel.js';
import { richText, scrollToAnchor } from './rich_text.js';
import { ASKED } from './what.js';

/**
 * @param {{hasPages?: boolean}} [where] hasPages: whether each text has an address of its own
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function docsDrawer({ hasPages = true } = {}) {
  const title = h('h2', { tabindex: -1, testid: 'drawer-title' });
  const own = h('a', { class: 'meta', text: 'Open as a page', testid: 'drawer-address' });
  const shut = h('button', { type: 'button', class: 'plain small', text: 'Close', testid: 'drawer-close', 'aria-keyshortcuts': 'Escape', on: { click: () => close() } });
  const text = h('div', { class: 'text', tabindex: 0, role: 'region', 'aria-label': 'Text' });
  const element = h('aside', { class: 'drawer', hidden: true, testid: 'drawer' }, h('header', { class: 'drawer-head' }, title, h('span', { class: 'spring' }), own, shut), text);
  /** @type {HTMLElement | null} */
  let asker = null;
  let wanted = '';

  const show = async (/** @type {string} */ concept, /** @type {string} */ anchor) => {
    wanted = concept;
    setAttribute(own, 'href', `/docs/${encodeURIComponent(concept)}`);
    const found = await get(`/concepts/${encodeURIComponent(concept)}`).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      return { title: concept.replaceAll('_', ' '), body: null, problem: error };
    });
    if (wanted !== concept) return;
    setText(title, found.title);
    text.replaceChildren(...(found.body === null ? [waiting(noneWords(found.problem))] : richText(found.body, show)));
    own.hidden = found.body === null || !hasPages;
    scrollToAnchor(text, anchor);
  };
  const open = (/** @type {Event} */ event) => {
    const { detail } = /** @type {CustomEvent<import('./what.js').Question>} */ (event);
    asker = event.target instanceof HTMLElement ? event.target : null;
    setAttribute(element, 'aria-label', `What is this: ${detail.title}`);
    setText(title, detail.title);
    text.replaceChildren(waiting('Loading …'));
    element.hidden = false;
    title.focus();
    show(detail.concept, '');
  };
  function close() {
    if (element.hidden) return;
    element.hidden = true;
    wanted = '';
    if (asker?.isConnected) asker.focus();
  }
  document.addEventListener(ASKED, open);
  // Before the page's own keys, for which Escape means another thing.
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || element.hidden || document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  }, { capture: true });
  return { element, close };
}

/** @param {Problem} problem */
function noneWords(problem) {
  if (problem.status !== 404) return problem.message;
  return 'No text was written about this: it is measured by a component of your own. Point at the chart’s title: it says what the series mean.';
}
