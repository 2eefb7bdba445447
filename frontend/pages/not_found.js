// @ts-check
/** A page that is not there, in words and with a way on. */

import { h } from '../lib/dom.js';

/**
 * @param {import('../app.js').Context} context
 * @param {string} title
 * @param {string} [detail]
 */
export function notFound({ page, bar }, title, detail = '') {
  bar.crumbs(h('a', { href: '/', text: 'Runs' }));
  document.title = 'Not found · Modescope';
  page.className = 'lone';
  page.replaceChildren(h('section', { class: 'card', testid: 'not-found' },
    h('h1', { text: title }),
    detail === '' ? null : h('p', { class: 'words', text: detail }),
    h('p', { class: 'words', text: 'It may have been deleted, or the address may have been cut when it was copied.' }),
    h('p', {}, h('a', { class: 'button primary', href: '/', text: 'All runs' }))));
}
