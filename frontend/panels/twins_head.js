// @ts-check
/** Above the comparison: which change the twins are without, which series is compared, and the button that makes them. */

import { h, setText } from '../lib/dom.js';
import { integer, moment } from '../lib/format.js';
import { changeWords } from '../lib/ledger.js';

/**
 * @param {import('../lib/store.js').Store} store
 * @param {{choose: (series: string) => void, make: () => Promise<void>}} actions
 */
export function twinsHead(store, { choose, make }) {
  const title = h('h1', { class: 'twins-title', testid: 'twin-change' });
  const about = h('p', { class: 'meta', testid: 'twin-about' });
  const stale = h('span', { class: 'warn', role: 'status' });
  const select = h('select', { testid: 'twin-series', on: { change: () => choose(select.value) } });
  const picker = h('label', { class: 'twins-picker' }, h('span', { text: 'Compare' }), select);
  const button = h('button', { type: 'button', class: 'primary', text: 'Train the twins', title: 'One without this change, and two with other seeds', testid: 'make-twins' });
  button.addEventListener('click', () => {
    button.disabled = true;
    make().finally(() => (button.disabled = false));
  });
  const element = h('div', { class: 'twins-head' }, h('div', {}, title, about), h('span', { class: 'spring' }), stale, button, picker);
  let listed = '';

  const show = () => {
    const { twins } = store.state;
    if (twins === null) return;
    const { change, members, names, series, problem } = twins;
    const [{ step, author, asked_at: asked, reason }] = change;
    setText(title, `What ${change.map((item) => `${item.name} ${changeWords(item)}`).join(' and ')} did`);
    setText(about, [`at step ${integer(step ?? 0)}`, author, moment(asked, Date.now() / 1000), reason].filter(Boolean).join(' · '));
    setText(stale, problem === null ? '' : 'The connection is lost: this is what was known. Runs go on.');
    button.hidden = members.length > 1;
    picker.hidden = names.length === 0;
    if (listed !== names.join()) select.replaceChildren(...names.map((name) => h('option', { value: name, text: name })));
    listed = names.join();
    select.value = series ?? '';
  };
  const dispose = store.subscribe(['twins'], show);
  show();
  return { element, dispose };
}
