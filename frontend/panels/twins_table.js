// @ts-check
/** The runs that are compared: which line is which, how far each is, and its newest value. Rows are updated in place. */

import { h, setAttribute, setText, swatch } from '../lib/dom.js';
import { integer, number } from '../lib/format.js';
import { newest } from '../lib/series.js';
import { LOOKS } from '../lib/twins.js';
import { DASH_ARRAYS } from './chart_header.js';
import { statusBadge } from './status.js';

/** What each of them is, for those who rest on its word. */
const MEANINGS = {
  run: 'As it was, with the change',
  twin: 'The same from the same checkpoint, same seed, without the change',
  noise: 'The twin with another seed from the checkpoint on',
};

/** @param {import('../lib/store.js').Store} store */
export function twinsTable(store) {
  const heads = ['Line', 'Run', 'State', 'Step', ''].map((text) => h('th', { scope: 'col', text }));
  const body = h('tbody');
  const element = h('div', { class: 'panel table-frame' }, h('table', { class: 'runs twins', testid: 'twin-runs' }, h('thead', {}, h('tr', {}, ...heads)), body));
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();

  const show = () => {
    const { twins } = store.state;
    if (twins === null) return;
    setText(heads[4], twins.series ?? '');
    for (const member of twins.members) {
      const { id } = member.run;
      if (!rows.has(id)) rows.set(id, row(member));
      rows.get(id)?.update(member.run, twins.scalars.get(id));
    }
    const wanted = twins.members.map(({ run }) => /** @type {any} */ (rows.get(run.id)).element);
    const isSame = wanted.length === body.childElementCount && wanted.every((each, index) => body.children[index] === each);
    if (!isSame) body.replaceChildren(...wanted);
  };
  const dispose = store.subscribe(['twins'], show);
  show();
  return { element, dispose };
}

/** @param {import('../lib/twins.js').Member} member */
function row({ part, label, run: { id } }) {
  const { role, dash } = LOOKS[part];
  const name = h('a', { href: `/runs/${encodeURIComponent(id)}` });
  const state = h('td', {});
  const steps = h('span', { class: 'steps-words' });
  const bar = h('progress', { max: 1, value: 0 });
  const value = h('td', { class: 'figure' });
  const element = h('tr', { testid: `twin-row-${part}`, data: { run: id } },
    h('th', { scope: 'row', title: MEANINGS[part] }, h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), h('span', { text: label }))),
    h('td', {}, name), state, h('td', {}, h('div', { class: 'steps' }, steps, bar)), value);
  return {
    element,
    /** @param {import('../lib/types.js').Run} run @param {import('../lib/series.js').Buckets | undefined} buckets */
    update(run, buckets) {
      setText(name, run.name);
      if (state.dataset.status !== run.status) state.replaceChildren(statusBadge(run.status, 'status'));
      state.dataset.status = run.status;
      setAttribute(state, 'title', run.reason ?? '');
      setText(steps, `${integer(run.step)} / ${integer(run.steps)}`);
      bar.value = run.steps > 0 ? run.step / run.steps : 0;
      setAttribute(bar, 'aria-label', `${run.step} of ${run.steps} steps`);
      setText(value, number(newest(buckets)?.value));
    },
  };
}
