// @ts-check
/** The first page: every run, live, and the recipes to start the next one from. */

import { createRun } from '../lib/connection.js';
import { h } from '../lib/dom.js';
import { loadCatalogue } from '../lib/catalogue.js';
import { toSearch, viewFrom } from '../lib/list_view.js';
import { followList } from '../lib/live_list.js';
import { createPainter } from '../lib/painter.js';
import { bulkBar } from '../panels/bulk_bar.js';
import { firstRun } from '../panels/first_run.js';
import { recipeCards } from '../panels/recipe_cards.js';
import { runsTable } from '../panels/runs_table.js';
import { runsTools } from '../panels/runs_tools.js';

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
  const painter = createPainter();
  const view = viewFrom(location.search);
  /** @type {Set<string>} */
  const picked = new Set();
  const bulk = bulkBar(store, picked, { announce, changed: () => arrangePicks() });
  const table = runsTable(store, painter, following.more, () => view, {
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
  const tools = runsTools(store, view, () => {
    history.replaceState(null, '', location.pathname + toSearch(view));
    table.show();
  });
  const first = firstRun(store, launch);
  const cards = recipeCards(store, launch);
  const runsHead = h('div', { class: 'section-head' }, h('h2', { text: 'Runs' }), tools.chips, h('span', { class: 'spring' }), tools.filter, tools.group, h('a', { class: 'button', href: '/workers', text: 'Workers', testid: 'workers' }), h('a', { class: 'button', href: '/sweeps', text: 'Sweeps', testid: 'sweeps' }), h('a', { class: 'button', href: '/launch', text: 'New run', testid: 'new-run' }));
  const runs = h('section', { class: 'section', 'aria-label': 'Runs' }, runsHead, bulk.element, table.element);
  const recipes = h('section', { class: 'section', 'aria-label': 'Recipes' },
    h('div', { class: 'section-head' }, h('h2', { text: 'Recipes' }), h('span', { class: 'meta', text: 'each shows something; launch it as it is, or change it first' }), h('span', { class: 'spring' }), cards.search), cards.element);

  const title = h('h1', { class: 'unseen', text: 'Modescope: runs and recipes' });
  const arrange = () => {
    const all = store.state.runs;
    const isEmpty = all !== null && all.length === 0;
    const wanted = isEmpty ? [title, first.element, recipes] : [title, runs, recipes];
    if (page.children[1] !== wanted[1]) page.replaceChildren(...wanted);
  };
  bar.crumbs();
  document.title = 'Runs · Modescope';
  page.className = 'list wide-list';
  const stop = store.subscribe(['runs'], arrange);
  arrange();
  loadCatalogue(store).catch((error) => (error.status === 401 ? context.onSignedOut() : undefined));
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    tools.filter.focus();
  };
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
    following.stop();
    stop();
    table.dispose();
    tools.dispose();
    first.dispose();
    painter.stop();
    bulk.dispose();
    cards.dispose();
  };
}
