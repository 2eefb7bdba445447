// @ts-check
/** Who asked for what, and its one outcome; newest first. */

import { PANELS } from '../lib/concepts.js';
import { h, icon, setText } from '../lib/dom.js';
import { exact, integer, latency, moment } from '../lib/format.js';
import { changedRequests, newestChanges } from '../lib/knob_state.js';
import { changeWords, isDryRun } from '../lib/ledger.js';
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
/** A rule's act that was only to be said. */
const DRY_RUN = /** @type {const} */ ({ shape: 'barred', tone: 'soft' });

/**
 * @typedef {object} LedgerActions
 * @property {(step: number) => void} pin
 * @property {(values: Record<string, unknown>, reason: string) => Promise<unknown>} undo ask for these values
 * @property {(request: string) => Promise<unknown>} twin go and see the run without what that request changed
 *
 * @param {import('../lib/store.js').Store} store
 * @param {LedgerActions} actions
 */
export function ledger(store, actions) {
  const { element, aside, body } = panel('Ledger', { class: 'ledger', testid: 'ledger', concept: PANELS.ledger });
  const list = h('ol', { class: 'ledger-list' });
  const empty = waiting('No change yet. Each one is listed here with its author and the step at which it took effect.');
  scrolls(body, 'Ledger');
  body.append(list, empty);
  /** @type {Map<string, {item: import('../lib/types.js').LedgerItem, buttons: string, element: HTMLElement}>} */
  const drawn = new Map();

  const show = () => {
    const { open, recording } = store.state;
    const all = [...(open?.ledger ?? [])].sort(([, a], [, b]) => b.asked_at - a.asked_at);
    const items = all.slice(0, MOST);
    const undoable = new Set(open === null || recording !== null || hasEnded(open.run.status) ? [] : newestChanges(open.ledger.values()));
    const changes = new Set(recording !== null ? [] : changedRequests(all.map(([, item]) => item)));
    for (const [key, item] of items) {
      const can = { undo: undoable.has(item), twin: changes.has(item) };
      const before = drawn.get(key);
      const buttons = JSON.stringify(can);
      if (before?.item !== item || before.buttons !== buttons) drawn.set(key, { item, buttons, element: row(item, can, actions) });
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
 * @param {{undo: boolean, twin: boolean}} can
 * @param {LedgerActions} actions
 */
function row(item, can, actions) {
  const outcome = item.outcome ?? 'asked';
  const { shape, tone } = isDryRun(item) ? DRY_RUN : LOOKS[outcome];
  const { step } = item;
  const text = words(item);
  const chip = h('span', { class: `chip ${tone}`, title: text }, icon(shape), h('span', { text }));
  const what = h('div', { class: 'ledger-what' }, h('span', { class: 'ledger-name', text: item.name }), change(item));
  const by = h('span', { class: 'meta', text: [item.author, moment(item.asked_at, Date.now() / 1000)].filter(Boolean).join(' · ') });
  const because = item.reason ? [h('div', { class: 'ledger-why meta', text: item.reason })] : [];
  const content = [what, h('div', { class: 'ledger-foot' }, chip, h('span', { class: 'spring' }), by), ...because];
  const why = [item.reason, item.outcome_reason].filter(Boolean).join(' — ');
  const props = { class: 'ledger-item', testid: 'ledger-item', title: why, data: { outcome, name: item.name } };
  if (step === null || step === undefined || outcome !== 'applied') return h('li', props, h('div', {}, ...content));
  const jump = h('button', { type: 'button', class: 'ledger-jump', 'aria-label': `Look at step ${step}`, on: { click: () => actions.pin(step) } }, ...content);
  const buttons = [...(can.undo ? [undoButton(item, actions)] : []), ...(can.twin ? [twinButton(item, actions)] : [])];
  return h('li', props, jump, buttons.length === 0 ? null : h('div', { class: 'ledger-buttons' }, ...buttons));
}

/** Sets the knob back to what it was before: a request like any other. @param {import('../lib/types.js').LedgerItem} item @param {LedgerActions} actions */
function undoButton({ name, old, step }, { undo }) {
  const button = h('button', { type: 'button', class: 'small', text: 'Undo', title: `Set ${name} back to ${exact(old ?? '')}`, 'aria-label': `Undo: set ${name} back to ${exact(old ?? '')}`, testid: 'undo' });
  button.addEventListener('click', () => {
    button.disabled = true;
    undo({ [name]: old }, `undo of step ${step}`).catch(() => (button.disabled = false));
  });
  return button;
}

/** The run without it, beside the run with it. @param {import('../lib/types.js').LedgerItem} item @param {LedgerActions} actions */
function twinButton({ name, step, request_id: request }, { twin }) {
  const what = `what the run would be without ${name} at step ${step}`;
  const button = h('button', { type: 'button', class: 'small', text: 'Twin', title: `See ${what}: trains it again from the newest checkpoint before, or from the beginning`, 'aria-label': `Twin: see ${what}`, testid: 'twin' });
  button.addEventListener('click', () => {
    button.disabled = true;
    twin(request).catch(() => (button.disabled = false));
  });
  return button;
}

/** @param {import('../lib/types.js').LedgerItem} item */
function change(item) {
  if (item.kind !== 'knob' || item.new === null || item.new === undefined) return null;
  return h('span', { class: 'ledger-change', text: changeWords(item), title: exact(item.new) });
}

/** @param {import('../lib/types.js').LedgerItem} item */
function words(item) {
  const { outcome, step, latency_ms: took, outcome_reason: reason } = item;
  if (outcome === 'applied') {
    const at = step === null || step === undefined ? '' : ` @${integer(step)}`;
    return `applied${at}${took === null || took === undefined ? '' : ` · ${latency(took)}`}`;
  }
  if (outcome === null || outcome === undefined) return 'asked';
  if (isDryRun(item)) return reason ?? '';
  return reason ? `${outcome}: ${reason}` : outcome;
}
