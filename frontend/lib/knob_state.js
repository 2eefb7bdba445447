// @ts-check
/** What a knob's row says about itself: what was typed, what was asked, what the trainer answered. Pure. */

import { age, exact, integer, latency } from './format.js';

/** A request that is not answered for so long gets its reason in words. */
const PATIENCE_S = 5;
/** An outcome is news for so long. */
const NEWS_S = 20;
/** A refusal stays on its row until the knob is edited, or for so long; the ledger keeps it for good. */
const REFUSAL_S = 120;

/**
 * @typedef {object} Draft
 * @property {string} text as typed
 * @property {string | null} problem why it would be refused
 * @property {string | null} sent id of the request that carries it, until its event comes back
 *
 * @typedef {object} RowState
 * @property {'plain' | 'invalid' | 'edited' | 'sent' | 'asked' | 'applied' | 'old' | 'refused' | 'superseded' | 'lost'} kind
 * @property {string} text
 */

/**
 * @param {import('./types.js').Knob} knob
 * @param {Draft | undefined} draft
 * @param {import('./types.js').LedgerItem | null} latest newest request for this knob
 * @param {{now_s: number, status: string, step: number}} moment `now_s` by the server's clock
 * @returns {RowState}
 */
export function rowState(knob, draft, latest, moment) {
  if (draft !== undefined) return drafted(knob, draft);
  if (latest === null) return { kind: 'plain', text: '' };
  switch (latest.outcome) {
    case 'applied':
      return applied(latest, moment);
    case 'refused':
      return refused(knob, latest, moment.now_s);
    case 'superseded':
      return { kind: 'superseded', text: `superseded ${latest.outcome_reason ?? 'by a later request'}` };
    case 'lost':
      return { kind: 'lost', text: `lost: ${latest.outcome_reason ?? 'the trainer was gone before it answered'}` };
    default:
      return { kind: 'asked', text: asked(latest, moment) };
  }
}

/**
 * The newest request for a knob.
 * @param {Iterable<import('./types.js').LedgerItem>} ledger
 * @param {string} name
 * @returns {import('./types.js').LedgerItem | null}
 */
export function latestFor(ledger, name) {
  let latest = null;
  for (const item of ledger) {
    if (item.kind === 'knob' && item.name === name && (latest === null || item.asked_at >= latest.asked_at)) latest = item;
  }
  return latest;
}

/**
 * Of each knob its newest request, where that was applied and changed something: those can be undone.
 * @param {Iterable<import('./types.js').LedgerItem>} ledger
 * @returns {import('./types.js').LedgerItem[]}
 */
export function newestChanges(ledger) {
  const items = [...ledger].filter(({ kind }) => kind === 'knob');
  return [...new Set(items.map(({ name }) => name))].flatMap((name) => {
    const newest = latestFor(items, name);
    const isChange = newest?.outcome === 'applied' && newest.old !== null && newest.old !== undefined && newest.old !== newest.new;
    return newest !== null && isChange ? [newest] : [];
  });
}

/**
 * The number or the yes or no that a valid text stands for.
 * @param {import('./types.js').Knob} knob
 * @param {string} text
 * @returns {number | boolean}
 */
export function parsed(knob, text) {
  return knob.kind === 'boolean' ? text === 'true' : Number(text);
}

/** @param {import('./types.js').Knob} knob @param {Draft} draft @returns {RowState} */
function drafted(knob, draft) {
  if (draft.problem !== null) return { kind: 'invalid', text: withoutName(knob, draft.problem) };
  if (draft.sent !== null) return { kind: 'sent', text: 'sent' };
  const loss = knob.resets ? `; resets ${knob.resets}` : '';
  return { kind: 'edited', text: `was ${exact(knob.value ?? knob.default)}${loss}` };
}

/** @param {import('./types.js').LedgerItem} item @param {{now_s: number, step: number}} moment @returns {RowState} */
function applied(item, { now_s, step }) {
  const last = (item.step ?? 0) + (item.over ?? 1) - 1;
  if (item.shape === 'pulse') {
    if (step <= last) return { kind: 'applied', text: `${exact(item.new ?? '')} until @${integer(last)}, then back to ${exact(item.old ?? '')}` };
  } else if ((item.over ?? 1) > 1 && step < last) return { kind: 'applied', text: `moves to ${exact(item.new ?? '')} until @${integer(last)}` };
  const took = item.latency_ms === null || item.latency_ms === undefined ? '' : ` · ${latency(item.latency_ms)}`;
  const by = item.author === '' || item.author === 'page' ? '' : ` · ${item.author}`;
  const isNews = now_s - item.asked_at < NEWS_S;
  return { kind: isNews ? 'applied' : 'old', text: `applied @${integer(item.step ?? 0)}${took}${by}` };
}

/** @param {import('./types.js').Knob} knob @param {import('./types.js').LedgerItem} item @param {number} now_s @returns {RowState} */
function refused(knob, item, now_s) {
  if (now_s - item.asked_at > REFUSAL_S) return { kind: 'plain', text: '' };
  return { kind: 'refused', text: `refused: ${withoutName(knob, item.outcome_reason ?? `${exact(item.new ?? '')} is not allowed`)}` };
}

/** The row has the name already. @param {import('./types.js').Knob} knob @param {string} message */
function withoutName({ name }, message) {
  return message.startsWith(`${name} `) ? message.slice(name.length + 1) : message;
}

/** @param {import('./types.js').LedgerItem} item @param {{now_s: number, status: string, step: number}} moment */
function asked(item, { now_s, status, step }) {
  const waited_s = Math.max(0, now_s - item.asked_at);
  if (waited_s < PATIENCE_S) return `asked ${age(waited_s)}`;
  if (status === 'paused') return 'asked: waits, as the run is paused';
  if (status !== 'running') return `asked: waits for the trainer (${status})`;
  return `asked ${age(waited_s)}, still at step ${integer(step)}`;
}
