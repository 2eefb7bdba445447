// @ts-check
/** Above a comparison: which runs, each with its letter and line, what they are laid on, and which further run or series. */

import { get } from '../lib/connection.js';
import { ALIGNS, letter, LOOKS, MOST_RUNS, MOST_SERIES } from '../lib/compare.js';
import { h, setText, swatch } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { keyedRows } from '../lib/rows.js';
import { DASH_ARRAYS } from './chart_header.js';
import { statusBadge } from './status.js';

/** Runs that are offered, the newest first. */
const OFFERED = 100;

/**
 * @param {import('../lib/store.js').Store} store
 * @param {{align: () => string, series: () => string[], setAlign: (align: import('../lib/compare.js').Align) => void, addSeries: (name: string) => void,
 *   addRun: (id: string) => void, removeRun: (id: string) => void}} actions
 */
export function compareHead(store, actions) {
  const list = h('ul', { class: 'compare-runs', testid: 'compare-runs' });
  const problems = h('ul', { class: 'problem', role: 'alert', testid: 'compare-problems' });
  const stale = h('span', { class: 'warn', role: 'status' });
  const align = h('select', { testid: 'compare-align', on: { change: () => actions.setAlign(/** @type {any} */ (align.value)) } },
    ...Object.entries(ALIGNS).map(([value, text]) => h('option', { value, text })));
  const runs = chooser('Add a run …', 'compare-add-run', actions.addRun);
  const series = chooser('Add a series …', 'compare-add-series', actions.addSeries);
  runs.addEventListener('focus', () => offerRuns(store, runs), { once: true });
  const tools = h('div', { class: 'compare-tools' }, runs, series, h('label', {}, h('span', { text: 'Laid' }), align), stale);
  const element = h('div', { class: 'compare-head' }, list, problems, tools);
  const showRuns = keyedRows(list, (/** @type {{id: string}} */ { id }) => runChip(id, actions.removeRun));
  let offered = '';

  const show = () => {
    const { compare, stream } = store.state;
    if (compare === null) return;
    showRuns(compare.ids.map((id, index) => ({ id, index, run: compare.opens.get(id)?.run })));
    const said = [
      ...compare.missing.map(({ id, message }) => `${id}: ${message}`),
      ...(compare.refused.length === 0 ? [] : [`A comparison has room for ${MOST_RUNS} runs; left out: ${compare.refused.join(', ')}.`]),
    ];
    if (problems.dataset.key !== said.join()) problems.replaceChildren(...said.map((text) => h('li', { text })));
    problems.dataset.key = said.join();
    setText(stale, stream.state === 'retrying' ? 'The connection is lost: this is what was known. Runs go on.' : '');
    align.value = actions.align();
    runs.disabled = compare.ids.length + compare.missing.length >= MOST_RUNS;
    const left = compare.names.filter((name) => !actions.series().includes(name));
    series.disabled = actions.series().length >= MOST_SERIES || left.length === 0;
    if (offered !== left.join()) offer(series, left.map((name) => ({ value: name, text: name })));
    offered = left.join();
  };
  const dispose = store.subscribe(['compare', 'stream'], show);
  return { element, show, dispose };
}

/** @param {string} text @param {string} testid @param {(value: string) => void} onChoice */
function chooser(text, testid, onChoice) {
  const select = h('select', { 'aria-label': text.replace(' …', ''), testid }, h('option', { value: '', text }));
  select.addEventListener('change', () => {
    const { value } = select;
    select.value = '';
    if (value !== '') onChoice(value);
  });
  return select;
}

/** @param {HTMLSelectElement} select @param {{value: string, text: string}[]} options */
function offer(select, options) {
  select.replaceChildren(select.options[0], ...options.map((props) => h('option', props)));
}

/** @param {import('../lib/store.js').Store} store @param {HTMLSelectElement} select */
function offerRuns(store, select) {
  get('/runs', { limit: OFFERED }).then(({ items }) => {
    const left = items.filter((/** @type {any} */ { id }) => !store.state.compare?.ids.includes(id));
    offer(select, left.map((/** @type {any} */ { id, name }) => ({ value: id, text: `${name} (${id})` })));
  }, (error) => offer(select, [{ value: '', text: error.message }]));
}

/** @param {string} id @param {(id: string) => void} remove */
function runChip(id, remove) {
  const mark = h('span', { class: 'compare-mark' });
  const name = h('a', { href: `/runs/${encodeURIComponent(id)}` });
  const state = h('span', {});
  const steps = h('span', { class: 'meta' });
  const family = h('a', { class: 'meta', href: `/runs/${encodeURIComponent(id)}/lineage`, text: 'lineage', hidden: true });
  const away = h('button', { type: 'button', class: 'plain small', text: '×', testid: `compare-remove-${id}`, on: { click: () => remove(id) } });
  return {
    element: h('li', { class: 'compare-run panel', testid: `compare-run-${id}` }, mark, name, state, steps, family, away),
    /** @param {any} item */
    update({ index, run }) {
      if (mark.dataset.index !== String(index)) mark.replaceChildren(runMark(index));
      mark.dataset.index = String(index);
      setText(name, run.name);
      if (state.dataset.status !== run.status) state.replaceChildren(statusBadge(run.status));
      state.dataset.status = run.status;
      setText(steps, `${integer(run.step)} / ${integer(run.steps)}`);
      family.hidden = !run.parent && !(run.n_forks > 0);
      away.setAttribute('aria-label', `Leave out ${run.name}`);
    },
  };
}

/** A run's letter and its line. @param {number} index */
export function runMark(index) {
  const { role, dash } = LOOKS[index];
  return h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), h('b', { text: letter(index) }));
}
