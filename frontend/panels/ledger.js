// @ts-check
/** Who asked for what, and its one outcome; newest first. */

import { h, icon, setText } from '../lib/dom.js';
import { exact, integer, latency, moment } from '../lib/format.js';
import { newestChanges } from '../lib/knob_state.js';
import { hasEnded } from '../lib/reduce.js';
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
 * @typedef {object} LedgerActions
 * @property {(step: number) => void} pin
 * @property {(values: Record<string, unknown>, reason: string) => Promise<unknown>} undo ask for these values
 *
 * @param {import('../lib/store.js').Store} store
 * @param {LedgerActions} actions
 */
export function ledger(store, actions) {
  const { element, aside, body } = panel('Ledger', { class: 'ledger', testid: 'ledger' });
  const list = h('ol', { class: 'ledger-list' });
  const empty = waiting('No change yet. Each one is listed here with its author and the step at which it took effect.');
  scrolls(body, 'Ledger');
  body.append(list, empty);
  /** @type {Map<string, {item: import('../lib/types.js').LedgerItem, isUndoable: boolean, element: HTMLElement}>} */
  const drawn = new Map();

  const show = () => {
    const { open } = store.state;
    const all = [...(open?.ledger ?? [])].sort(([, a], [, b]) => b.asked_at - a.asked_at);
    const items = all.slice(0, MOST);
    const undoable = new Set(open === null || hasEnded(open.run.status) ? [] : newestChanges(open.ledger.values()));
    for (const [key, item] of items) {
      const isUndoable = undoable.has(item);
      const before = drawn.get(key);
      if (before?.item !== item || before.isUndoable !== isUndoable) drawn.set(key, { item, isUndoable, element: row(item, isUndoable, actions) });
    }
    list.replaceChildren(...items.map(([key]) => /** @type {any} */ (drawn.get(key)).element));
    empty.hidden = items.length > 0 || open === null;
    setText(aside, all.length === 0 ? '' : integer(all.length));
  };
  const dispose = store.subscribe(['ledger', 'run'], show);
  show();
  return { element, dispose };
}

/**
 * @param {import('../lib/types.js').LedgerItem} item
 * @param {boolean} isUndoable
 * @param {LedgerActions} actions
 */
function row(item, isUndoable, actions) {
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
  if (step === null || step === undefined || outcome !== 'applied') return h('li', props, h('div', {}, ...content));
  const jump = h('button', { type: 'button', class: 'ledger-jump', 'aria-label': `Look at step ${step}`, on: { click: () => actions.pin(step) } }, ...content);
  return h('li', props, jump, isUndoable ? undoButton(item, actions) : null);
}

/** Sets the knob back to what it was before: a request like any other. @param {import('../lib/types.js').LedgerItem} item @param {LedgerActions} actions */
function undoButton({ name, old, step }, { undo }) {
  const button = h('button', { type: 'button', class: 'small ledger-undo', text: 'Undo', title: `Set ${name} back to ${exact(old ?? '')}`, 'aria-label': `Undo: set ${name} back to ${exact(old ?? '')}`, testid: 'undo' });
  button.addEventListener('click', () => {
    button.disabled = true;
    undo({ [name]: old }, `undo of step ${step}`).catch(() => (button.disabled = false));
  });
  return button;
}

/** @param {import('../lib/types.js').LedgerItem} item */
function change(item) {
  if (item.kind !== 'knob' || item.new === null || item.new === undefined) return null;
  const from = item.old === null || item.old === undefined ? '' : `${exact(item.old)} → `;
  const isPulse = item.shape === 'pulse';
  const over = (item.over ?? 1) > 1 || isPulse ? ` ${isPulse ? 'for' : 'over'} ${integer(item.over ?? 1)}` : '';
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
