// @ts-check
/** The runs that are compared: which line is which, how far each is, and its newest value. Rows are updated in place. */

import { h, setText, swatch } from '../lib/dom.js';
import { number } from '../lib/format.js';
import { newest } from '../lib/series.js';
import { LOOKS } from '../lib/twins.js';
import { DASH_ARRAYS } from './chart_header.js';
import { runCells } from './run_cells.js';

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
  const cells = runCells(id);
  const value = h('td', { class: 'figure' });
  const element = h('tr', { testid: `twin-row-${part}`, data: { run: id } },
    h('th', { scope: 'row', title: MEANINGS[part] }, h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), h('span', { text: label }))),
    h('td', {}, cells.name), cells.state, cells.steps, value);
  return {
    element,
    /** @param {import('../lib/types.js').Run} run @param {import('../lib/series.js').Buckets | undefined} buckets */
    update(run, buckets) {
      cells.update(run);
      setText(value, number(newest(buckets)?.value));
    },
  };
}
