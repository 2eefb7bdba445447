// @ts-check
/** What a table shows of any run: its name, its state, and how far it is. Updated in place. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { statusBadge } from './status.js';

/** @param {string} id of the run */
export function runCells(id) {
  const name = h('a', { href: `/runs/${encodeURIComponent(id)}` });
  const state = h('td', {});
  const words = h('span', { class: 'steps-words' });
  const bar = h('progress', { max: 1, value: 0 });
  return {
    name,
    state,
    steps: h('td', {}, h('div', { class: 'steps' }, words, bar)),
    /** @param {import('../lib/types.js').Run} run */
    update(run) {
      setText(name, run.name);
      if (state.dataset.status !== run.status) state.replaceChildren(statusBadge(run.status, 'status'));
      state.dataset.status = run.status;
      setAttribute(state, 'title', run.reason ?? '');
      setText(words, `${integer(run.step)} / ${integer(run.steps)}`);
      bar.value = run.steps > 0 ? run.step / run.steps : 0;
      setAttribute(bar, 'aria-label', `${run.step} of ${run.steps} steps`);
    },
  };
}
