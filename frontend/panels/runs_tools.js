// @ts-check
/** Above the list of runs: which of them, with which words, under which headings. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { GROUPINGS, isOf, SOME } from '../lib/list_view.js';

const WORDS = { none: 'Not grouped', sweep: 'By sweep', lineage: 'By lineage' };

/**
 * @param {import('../lib/store.js').Store} store
 * @param {import('../lib/list_view.js').ListView} view changed in place
 * @param {() => void} changed
 */
export function runsTools(store, view, changed) {
  const filter = h('input', { type: 'search', class: 'filter', placeholder: 'Filter runs ( / )', 'aria-label': 'Filter runs by name, recipe, state or id', testid: 'filter-runs' });
  filter.value = view.words;
  const group = h('select', { 'aria-label': 'Group runs', testid: 'group-runs' }, ...GROUPINGS.map((each) => h('option', { value: each, text: WORDS[each] })));
  group.value = view.group;
  const chips = SOME.map((some) => ({ some, count: h('span', { class: 'count' }), button: h('button', { type: 'button', class: 'pill', testid: `some-${some}` }) }));
  const element = h('div', { class: 'pills', role: 'group', 'aria-label': 'Which runs' }, ...chips.map(({ button }) => button));
  const change = (/** @type {Partial<import('../lib/list_view.js').ListView>} */ what) => {
    Object.assign(view, what);
    show();
    changed();
  };
  filter.addEventListener('input', () => change({ words: filter.value }));
  group.addEventListener('change', () => change({ group: GROUPINGS.find((each) => each === group.value) ?? 'none' }));
  for (const { some, count, button } of chips) {
    button.append(some === 'all' ? 'All' : `${some[0].toUpperCase()}${some.slice(1)}`, count);
    button.addEventListener('click', () => change({ some }));
  }

  function show() {
    const { runs, overviews } = store.state;
    for (const { some, count, button } of chips) {
      setText(count, runs === null ? '' : String(runs.filter((run) => isOf(run, overviews.get(run.id), some)).length));
      setAttribute(button, 'aria-pressed', String(view.some === some));
    }
  }
  const dispose = store.subscribe(['runs'], show);
  show();
  return { chips: element, filter, group, dispose };
}
