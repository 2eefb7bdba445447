// @ts-check
/** The runs as a table whose rows are updated in place; under headings, where runs are grouped. */

import { h, icon, setAttribute, setText } from '../lib/dom.js';
import { grouped, hasWords, isOf, totals } from '../lib/list_view.js';
import { keyedRows } from '../lib/rows.js';
import { waiting } from './panel.js';
import { runRow } from './run_row.js';

/** Columns by their class, which gives each its width, and on narrow screens its place. */
const HEADS = /** @type {const} */ ({
  picture: 'Samples', name: 'Name', 'state-cell': 'State', 'steps-cell': 'Step', speed: 'Speed', line: 'Key series', modes: 'Modes', alarm: 'Alarms', turned: 'Knobs turned', created: 'Created',
});
/** Columns that are there on every screen with a table: a heading that spanned more would make room for them. */
const N_COLUMNS = 7;

/**
 * @typedef {import('../lib/types.js').Run} Run
 * @typedef {import('../lib/list_view.js').Group} Group
 * @typedef {{id: string, run: Run} | {id: string, group: Group}} Item
 */

/** @param {number} loaded @param {import('../lib/list_view.js').ListView} view */
function noneWords(loaded, { words, some }) {
  if (loaded === 0) return 'No run yet. Launch a recipe: it takes one click, and stopping takes another.';
  const kind = { all: 'runs', training: 'runs that train', alarm: 'runs with an alarm', ended: 'runs that have ended' }[some];
  if (words === '') return `There are no ${kind} among the ${loaded} that are loaded.`;
  return `None of the ${some === 'all' ? `${loaded} runs that are loaded` : kind} has “${words}” in its name, recipe, state, id or tags.`;
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {() => Promise<void>} loadMore
 * @param {() => import('../lib/list_view.js').ListView} wanted
 * @param {{has: (id: string) => boolean, toggle: (id: string, isPicked: boolean) => void}} picking
 */
export function runsTable(store, painter, loadMore, wanted, picking) {
  const body = h('tbody', { role: 'rowgroup' });
  const heads = Object.entries(HEADS).map(([name, text]) => h('th', { role: 'columnheader', scope: 'col', class: name, text }));
  const table = h('table', { role: 'table', class: 'runs list-of-runs', testid: 'runs-table', 'aria-label': 'Runs' },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, h('th', { role: 'columnheader', scope: 'col', class: 'pick' }, h('span', { class: 'unseen', text: 'Pick' })), ...heads)), body);
  const note = waiting();
  const problem = h('p', { class: 'problem', role: 'alert' });
  const more = h('button', { type: 'button', class: 'older', text: 'Older runs', hidden: true, on: { click: () => loadMore() } });
  const element = h('div', {}, problem, h('div', { class: 'panel table-frame' }, table, note), more);
  /** Groups that were folded, as long as the page is open. @type {Set<string>} */
  const folded = new Set();
  /** @type {{redraw: () => void}[]} */
  const rows = [];
  const fold = (/** @type {string} */ id) => {
    if (!folded.delete(id)) folded.add(id);
    show();
  };
  const showRows = keyedRows(body, (/** @type {Item} */ item) => ('run' in item ? rowOf(item.run) : groupRow(item.group, folded, fold)));
  const rowOf = (/** @type {Run} */ run) => {
    const row = runRow(store, painter, run, picking);
    rows.push(row);
    return { element: row.element, update: (/** @type {Item} */ item) => 'run' in item && row.update(item.run) };
  };

  function show() {
    const { runs, runsNext, runsProblem, overviews } = store.state;
    const view = wanted();
    setText(problem, runsProblem ?? '');
    const found = (runs ?? []).filter((run) => hasWords(run, view.words) && isOf(run, overviews.get(run.id), view.some));
    setText(note, runs === null ? 'Loading …' : noneWords(runs.length, view));
    table.hidden = found.length === 0;
    note.hidden = !table.hidden;
    more.hidden = runsNext === null;
    const groups = view.group === 'none' ? null : grouped(found, overviews, view.group);
    showRows(groups === null ? found.map(itemOf) : groups.flatMap((group) => [{ id: `group ${group.id}`, group }, ...(folded.has(group.id) ? [] : group.runs.map(itemOf))]));
  }
  const stops = [store.subscribe(['runs'], show), store.subscribe(['theme'], () => rows.forEach((row) => row.redraw()))];
  show();
  return { element, show, dispose: () => stops.forEach((stop) => stop()) };
}

/** @param {Run} run @returns {Item} */
function itemOf(run) {
  return { id: run.id, run };
}

/** A heading over the runs of a group, which folds them. @param {Group} group @param {Set<string>} folded @param {(id: string) => void} fold */
function groupRow({ id }, folded, fold) {
  const name = h('span', { class: 'group-name' });
  const button = h('button', { type: 'button', class: 'plain fold', testid: `fold-${id}`, on: { click: () => fold(id) } }, icon('triangle'), name);
  const counts = h('span', { class: 'meta', testid: `totals-${id}` });
  const link = h('a', { testid: `together-${id}` });
  const element = h('tr', { role: 'row', class: 'group-row', testid: `group-${id}` },
    h('th', { role: 'rowheader', scope: 'rowgroup', colspan: N_COLUMNS }, h('div', { class: 'group-head' }, button, counts, link)));
  return {
    element,
    /** @param {Item} item */
    update(item) {
      if ('run' in item) return;
      const { title, href, link: words, runs } = item.group;
      setText(name, title);
      setText(counts, totals(runs));
      setText(link, words);
      link.hidden = href === null;
      setAttribute(link, 'href', href);
      setAttribute(button, 'aria-expanded', String(!folded.has(id)));
    },
  };
}
