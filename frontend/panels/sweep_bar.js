// @ts-check
/** Above the matrix: how far the sweep is, which axes stand where, and the button that stops the rest. */

import { h, setText } from '../lib/dom.js';
import { progress } from '../lib/sweep.js';
import { confirmation } from './confirmation.js';

const STOP = {
  label: 'Stop the rest of this sweep?', words: 'Runs that wait are taken out of the queue; those that train write a checkpoint and end. What was recorded stays.',
  keep: 'Keep training', go: 'Stop them', testid: 'stop-sweep-confirm',
};

/**
 * @param {import('../lib/store.js').Store} store
 * @param {() => import('../lib/sweep.js').Choice} choice
 * @param {{choose: (side: 'rows' | 'columns', axis: string | null) => void, stop: () => void}} actions
 */
export function sweepBar(store, choice, { choose, stop }) {
  const words = h('span', { class: 'sweep-words', testid: 'sweep-progress' });
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Steps of all runs' });
  const recipe = h('span', { class: 'meta' });
  const stale = h('span', { class: 'warn', role: 'status', testid: 'sweep-stale' });
  const confirm = confirmation(STOP, stop);
  const button = h('button', { type: 'button', text: 'Stop the rest…', testid: 'stop-sweep', on: { click: () => confirm.ask(question(store.state.sweep)) } });
  const selects = { rows: axisSelect('rows', 'Rows', choose), columns: axisSelect('columns', 'Columns', choose) };
  const element = h('div', { class: 'sweep-bar' }, words, bar, recipe, stale, h('span', { class: 'spring' }), selects.rows.element, selects.columns.element, button, confirm.dialog);

  const show = () => {
    const { sweep, stream } = store.state;
    if (sweep === null) return;
    setText(stale, stream.state === 'retrying' ? 'The connection is lost: this is what was known. Runs go on.' : '');
    const { words: said, share, left } = progress(sweep);
    setText(words, `${sweep.runs.length} runs: ${said}`);
    setText(recipe, sweep.recipe ?? '');
    bar.value = share;
    button.disabled = left === 0;
    if (left === 0) confirm.dialog.close();
    const names = sweep.axes.map(({ name }) => name);
    selects.rows.update(names, choice().rows);
    selects.columns.update(names, choice().columns);
  };
  const dispose = store.subscribe(['sweep', 'stream'], show);
  show();
  return { element, show, dispose };
}

/** @param {'rows' | 'columns'} side @param {string} label @param {(side: 'rows' | 'columns', axis: string | null) => void} choose */
function axisSelect(side, label, choose) {
  const select = h('select', { id: `sweep-${side}`, testid: `sweep-${side}` });
  select.addEventListener('change', () => choose(side, select.value === '' ? null : select.value));
  let known = '';
  return {
    element: h('label', { class: 'sweep-axis' }, h('span', { text: label }), select),
    /** @param {string[]} names @param {string | null} current */
    update(names, current) {
      if (known !== names.join()) select.replaceChildren(...['', ...names].map((name) => h('option', { value: name, text: name === '' ? 'none' : name })));
      known = names.join();
      select.value = current ?? '';
    },
  };
}

/** @param {import('../lib/types.js').Sweep | null} sweep */
function question(sweep) {
  const left = sweep === null ? 0 : progress(sweep).left;
  return left === 1 ? 'Stop the one run that has not ended?' : `Stop the ${left} runs that have not ended?`;
}
