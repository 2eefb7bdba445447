// @ts-check
/** Who asked for what, and its one outcome; newest first. */

import { h, icon, setText } from '../lib/dom.js';
import { exact, integer, latency, moment } from '../lib/format.js';
import { panel, scrolls, waiting } from './panel.js';

/** Items that are drawn; the rest is in the ledger's own answer of the api. */
const MOST = 100;

/** @type {Record<string, {shape: Parameters<typeof icon>[0], tone: string}>} */
const LOOKS = {
  asked: { shape: 'half', tone: 'accent' },
  applied: { shape: 'tick', tone: 'ok' },
  refused: { shape: 'cross', tone: 'bad' },
  superseded: { shape: 'barred', tone: 'soft' },
  lost: { shape: 'query', tone: 'warn' },
};

/**
 * @param {import('../lib/store.js').Store} store
 * @param {{pin: (step: number) => void}} actions
 */
export function ledger(store, actions) {
  const { element, aside, body } = panel('Ledger', { class: 'ledger', testid: 'ledger' });
  const list = h('ol', { class: 'ledger-list' });
  const empty = waiting('No change yet. Each one is listed here with its author and the step at which it took effect.');
  scrolls(body, 'Ledger');
  body.append(list, empty);
  /** @type {Map<string, {item: import('../lib/types.js').LedgerItem, element: HTMLElement}>} */
  const drawn = new Map();

  const show = () => {
    const all = [...(store.state.open?.ledger ?? [])].sort(([, a], [, b]) => b.asked_at - a.asked_at);
    const items = all.slice(0, MOST);
    for (const [key, item] of items) {
      if (drawn.get(key)?.item !== item) drawn.set(key, { item, element: row(item, actions) });
    }
    list.replaceChildren(...items.map(([key]) => /** @type {any} */ (drawn.get(key)).element));
    empty.hidden = items.length > 0 || store.state.open === null;
    setText(aside, all.length === 0 ? '' : integer(all.length));
  };
  const dispose = store.subscribe(['ledger'], show);
  show();
  return { element, dispose };
}

/**
 * @param {import('../lib/types.js').LedgerItem} item
 * @param {{pin: (step: number) => void}} actions
 */
function row(item, actions) {
  const outcome = item.outcome ?? 'asked';
  const { shape, tone } = LOOKS[outcome];
  const { step } = item;
  const text = words(item);
  const chip = h('span', { class: `chip ${tone}` }, icon(shape), h('span', { text }));
  const what = h('div', { class: 'ledger-what' }, h('span', { class: 'ledger-name', text: item.name }), change(item));
  const by = h('span', { class: 'meta', text: [item.author, moment(item.asked_at, Date.now() / 1000)].filter(Boolean).join(' · ') });
  const content = [what, h('div', { class: 'ledger-foot' }, chip, h('span', { class: 'spring' }), by)];
  const why = [item.reason, item.outcome_reason].filter(Boolean).join(' — ');
  const props = { class: 'ledger-item', testid: 'ledger-item', title: why, data: { outcome, name: item.name } };
  if (step === null || step === undefined || outcome !== 'applied') return h('li', props, ...content);
  const jump = h('button', { type: 'button', class: 'ledger-jump', 'aria-label': `Look at step ${step}`, on: { click: () => actions.pin(step) } }, ...content);
  return h('li', props, jump);
}

/** @param {import('../lib/types.js').LedgerItem} item */
function change(item) {
  if (item.kind !== 'knob' || item.new === null || item.new === undefined) return null;
  const from = item.old === null || item.old === undefined ? '' : `${exact(item.old)} → `;
  const over = (item.over ?? 1) > 1 ? ` over ${integer(item.over ?? 1)}` : '';
  return h('span', { class: 'ledger-change', text: from + exact(item.new) + over });
}

/** @param {import('../lib/types.js').LedgerItem} item */
function words(item) {
  const { outcome, step, latency_ms: took, outcome_reason: reason } = item;
  if (outcome === 'applied') {
    const at = step === null || step === undefined ? '' : ` @${integer(step)}`;
    return `applied${at}${took === null || took === undefined ? '' : ` · ${latency(took)}`}`;
  }
  if (outcome === null || outcome === undefined) return 'asked';
  return reason ? `${outcome}: ${reason}` : outcome;
}
