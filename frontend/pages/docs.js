// @ts-check
/** The concepts: what the charts and panels show, how to read it, when it misleads. All of them left, one shown. */

import { get } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { waiting } from '../panels/panel.js';
import { richText, scrollToAnchor } from '../panels/rich_text.js';

const FIRST = 'charts';

/**
 * @param {import('../app.js').Context} context
 * @param {string | null} wanted a concept's name; null for none in particular
 * @returns {() => void}
 */
export function docsPage(context, wanted) {
  const { page, bar, go } = context;
  const name = wanted ?? FIRST;
  let isLeft = false;
  const list = h('ul', { testid: 'concepts' });
  const title = h('h1', { text: '\u00a0', testid: 'concept-title' });
  const text = h('div', { class: 'text' }, waiting('Loading …'));
  const filter = h('input', { type: 'search', class: 'filter', placeholder: 'Filter concepts', 'aria-label': 'Filter concepts', testid: 'filter-concepts' });
  const follow = (/** @type {string} */ concept, /** @type {string} */ anchor) => {
    if (concept !== name) go(`/docs/${encodeURIComponent(concept)}${anchor === '' ? '' : `#${anchor}`}`);
    else scrollToAnchor(text, anchor);
  };
  const refused = (/** @type {any} */ error) => {
    if (error.status === 401) context.onSignedOut();
    else text.replaceChildren(waiting(error.status === 404 ? `There is no concept “${name}”. Those there are stand in the list.` : error.message));
    if (error.status === 404) setText(title, 'No such concept');
  };

  const showOne = async () => {
    const { title: words, body } = await get(`/concepts/${encodeURIComponent(name)}`);
    if (isLeft) return;
    setText(title, words);
    document.title = `${words} · Modescope`;
    text.replaceChildren(...richText(body, follow));
    if (location.hash !== '') scrollToAnchor(text, location.hash.slice(1));
  };
  const showList = async () => {
    const { items } = await get('/concepts');
    if (isLeft) return;
    list.replaceChildren(...items.map((/** @type {any} */ item) => entry(item, name)));
    list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  };
  filter.addEventListener('input', () => {
    const asked = filter.value.trim().toLowerCase();
    for (const item of list.children) setAttribute(item, 'hidden', (item.textContent ?? '').toLowerCase().includes(asked) ? null : '');
  });

  bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('span', { class: 'here', text: 'Docs' }));
  document.title = 'Docs · Modescope';
  page.className = 'docs';
  page.replaceChildren(
    h('nav', { class: 'docs-list', 'aria-label': 'Concepts' }, filter, list),
    h('article', { class: 'docs-text' }, title, text, h('p', { class: 'meta docs-foot' }, 'What can be asked of the server stands in ', h('a', { href: '/api/v1/docs', text: 'the REST API' }), '.')));
  showOne().catch(refused);
  showList().catch(refused);
  return () => {
    isLeft = true;
  };
}

/** @param {{name: string, title: string, summary: string}} concept @param {string} current */
function entry({ name, title, summary }, current) {
  return h('li', {}, h('a', { href: `/docs/${encodeURIComponent(name)}`, text: title, title: summary, 'aria-current': name === current ? 'page' : null, testid: `concept-${name}` }));
}
