// @ts-check
/** The runs as a table whose rows are updated in place. */

import { h, setText } from '../lib/dom.js';
import { moment, number } from '../lib/format.js';
import { keyedRows } from '../lib/rows.js';
import { waiting } from './panel.js';
import { runCells } from './run_cells.js';

const HEADS = ['Name', 'State', 'Step', 'Speed', 'Modes', 'Loss D / G', 'Recipe', 'Created'];

/**
 * Whether a run has all of these words, in its name, recipe, state, id or tags, in any case.
 * @param {Pick<import('../lib/types.js').Run, 'id' | 'name' | 'status'> & {recipe?: string | null, tags?: string[]}} run
 * @param {string} words
 */
export function hasWords({ id, name, recipe, status, tags }, words) {
  const all = [id, name, recipe ?? '', status, ...(tags ?? [])].join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

/** @param {number} loaded @param {string} words */
function noneWords(loaded, words) {
  if (loaded === 0) return 'No run yet. Launch a recipe: it takes one click, and stopping takes another.';
  return `None of the ${loaded} runs that are loaded has “${words}” in its name, recipe, state, id or tags.`;
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {() => Promise<void>} loadMore
 * @param {() => string} wanted words that a run must have, as they were typed
 * @param {{has: (id: string) => boolean, toggle: (id: string, isPicked: boolean) => void}} picking
 */
export function runsTable(store, loadMore, wanted, picking) {
  const body = h('tbody');
  const table = h('table', { class: 'runs', testid: 'runs-table' },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, h('span', { class: 'unseen', text: 'Pick' })), ...HEADS.map((text) => h('th', { scope: 'col', text })))), body);
  const note = waiting();
  const problem = h('p', { class: 'problem', role: 'alert' });
  const more = h('button', { type: 'button', text: 'Older runs', hidden: true, on: { click: () => loadMore() } });
  const element = h('div', {}, problem, h('div', { class: 'panel table-frame' }, table, note), more);
  const showRows = keyedRows(body, (/** @type {import('../lib/types.js').Run} */ run) => row(run, picking));

  const show = () => {
    const { runs, runsNext, runsProblem } = store.state;
    setText(problem, runsProblem ?? '');
    const found = (runs ?? []).filter((run) => hasWords(run, wanted()));
    setText(note, runs === null ? 'Loading …' : noneWords(runs.length, wanted()));
    table.hidden = found.length === 0;
    note.hidden = !table.hidden;
    more.hidden = runsNext === null;
    showRows(found);
  };
  const dispose = store.subscribe(['runs'], show);
  show();
  return { element, show, dispose };
}

/**
 * @param {import('../lib/types.js').Run} run
 * @param {Parameters<typeof runsTable>[3]} picking
 */
function row({ id, name, recipe, sweep, created_at: created }, picking) {
  const pick = h('input', { type: 'checkbox', 'aria-label': `Pick ${name}`, testid: `pick-${id}`, on: { change: () => picking.toggle(id, pick.checked) } });
  const cells = runCells(id);
  const set = !sweep ? null : h('a', { class: 'tag', href: `/sweeps/${encodeURIComponent(sweep)}`, text: 'sweep', title: 'Compare the runs of this sweep' });
  const [speed, modes, losses] = [h('td', { class: 'figure' }), h('td', { class: 'figure' }), h('td', { class: 'figure' })];
  const element = h('tr', { testid: `run-row-${id}` }, h('td', { class: 'pick' }, pick),
    h('th', { scope: 'row' }, cells.name, set), cells.state, cells.steps, speed, modes, losses,
    h('td', { class: 'soft', text: recipe ?? '–' }), h('td', { class: 'meta', text: moment(created, Date.now() / 1000), title: new Date(created * 1000).toLocaleString() }));
  return {
    element,
    /** @param {import('../lib/types.js').Run} run */
    update(run) {
      const { latest } = run;
      cells.update(run);
      pick.checked = picking.has(id);
      setText(speed, run.status === 'running' && 'speed.steps_per_s' in latest ? `${number(latest['speed.steps_per_s'])}/s` : '');
      setText(modes, 'modes.captured' in latest ? number(latest['modes.captured']) : '–');
      setText(losses, 'loss.d' in latest || 'loss.g' in latest ? `${number(latest['loss.d'])} / ${number(latest['loss.g'])}` : '–');
    },
  };
}
