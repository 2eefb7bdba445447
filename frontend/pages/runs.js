// @ts-check
/** The first page: every run, live, and the recipes to start the next one from. */

import { createRun } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { loadCatalogue } from '../lib/catalogue.js';
import { followList } from '../lib/live_list.js';
import { bulkBar } from '../panels/bulk_bar.js';
import { recipeCards } from '../panels/recipe_cards.js';
import { runsTable } from '../panels/runs_table.js';

/**
 * @param {import('../app.js').Context} context
 * @returns {() => void}
 */
export function runsPage(context) {
  const { store, page, bar, go, announce } = context;
  const following = followList(store, (problem) => {
    if (problem.status === 401) context.onSignedOut();
    else store.change(['runs'], (state) => (state.runsProblem = problem.message));
  });
  const launch = async (/** @type {string} */ recipe) => {
    const run = await createRun({ recipe }).catch((error) => announce(error.message, 'bad'));
    if (run) go(`/runs/${encodeURIComponent(run.id)}`);
  };
  const filter = h('input', { type: 'search', class: 'filter', placeholder: 'Filter runs ( / )', 'aria-label': 'Filter runs by name, recipe, state or id', testid: 'filter-runs' });
  filter.value = new URLSearchParams(location.search).get('q') ?? '';
  /** @type {Set<string>} */
  const picked = new Set();
  const bulk = bulkBar(store, picked, { announce, changed: () => arrangePicks() });
  const table = runsTable(store, following.more, () => filter.value, {
    has: (id) => picked.has(id),
    toggle: (id, isPicked) => {
      if (isPicked) picked.add(id);
      else picked.delete(id);
      bulk.show();
    },
  });
  const arrangePicks = () => {
    table.show();
    bulk.show();
  };
  filter.addEventListener('input', () => {
    history.replaceState(null, '', location.pathname + (filter.value === '' ? '' : `?q=${encodeURIComponent(filter.value)}`));
    table.show();
  });
  const cards = recipeCards(store, launch);
  const count = h('span', { class: 'meta', testid: 'runs-count' });
  const runsHead = h('div', { class: 'section-head' }, h('h2', { text: 'Runs' }), count, h('span', { class: 'spring' }), filter, h('a', { class: 'button', href: '/workers', text: 'Workers', testid: 'workers' }), h('a', { class: 'button', href: '/sweeps', text: 'Sweeps', testid: 'sweeps' }), h('a', { class: 'button', href: '/launch', text: 'New run', testid: 'new-run' }));
  const runs = h('section', { class: 'section', 'aria-label': 'Runs' }, runsHead, bulk.element, table.element);
  const recipes = h('section', { class: 'section', 'aria-label': 'Recipes' },
    h('div', { class: 'section-head' }, h('h2', { text: 'Recipes' }), h('span', { class: 'meta', text: 'each shows something; launch it as it is, or change it first' }), h('span', { class: 'spring' }), cards.search), cards.element);

  const title = h('h1', { class: 'unseen', text: 'Modescope: runs and recipes' });
  const arrange = () => {
    const all = store.state.runs;
    const isEmpty = all !== null && all.length === 0;
    const wanted = isEmpty ? [title, recipes, runs] : [title, runs, recipes];
    if (page.children[1] !== wanted[1]) page.replaceChildren(...wanted);
    setText(count, all === null || isEmpty ? '' : `${all.filter(({ status }) => status === 'running').length} running`);
  };
  bar.crumbs();
  document.title = 'Runs · Modescope';
  page.className = 'list';
  const stop = store.subscribe(['runs'], arrange);
  arrange();
  loadCatalogue(store).catch((error) => (error.status === 401 ? context.onSignedOut() : undefined));
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    filter.focus();
  };
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
    following.stop();
    stop();
    table.dispose();
    bulk.dispose();
    cards.dispose();
  };
}
