// @ts-check
/**
 * The knobs of a run. Moving one is a wish, which stays here until it is applied; what is in force is only ever what
 * the trainer said. All edits go in one request, and so take effect at one step.
 */

import { PANELS } from '../lib/concepts.js';
import { Problem } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { exact, integer } from '../lib/format.js';
import { latestFor, parsed, rowState } from '../lib/knob_state.js';
import { hasEnded } from '../lib/reduce.js';
import { knobRow } from './knob_row.js';
import { panel, scrolls, waiting } from './panel.js';

/** While a request is open its age is shown to a tenth of a second. */
const TICK_MS = 200;

/**
 * @param {import('../lib/store.js').Store} store
 * @param {{applyKnobs: (values: Record<string, unknown>, reason: string) => Promise<{request_id: string}>}} actions
 */
export function knobs(store, actions) {
  const { element, aside, body } = panel('Knobs', { class: 'knobs', testid: 'knobs', concept: PANELS.knobs });
  const list = h('ul', { class: 'knob-list' });
  const folded = h('ul', { class: 'knob-list' });
  const fold = h('details', { class: 'knob-fold', testid: 'folded-knobs', hidden: true }, h('summary', { text: 'Schedules and the like' }), folded);
  const cures = h('div', { class: 'cures', testid: 'cures' });
  const foot = footer(() => apply(null), () => revertAll(store));
  scrolls(body, 'Knobs');
  body.append(cures, list, fold);
  element.append(foot.element);
  /** @type {Map<string, ReturnType<typeof knobRow>>} */
  const rows = new Map();
  let shown = '';

  const apply = async (/** @type {string[] | null} */ names) => {
    const values = ready(store, names);
    if (Object.keys(values).length === 0) {
      const invalid = [...store.state.drafts].find(([, draft]) => draft.problem !== null);
      if (invalid !== undefined) rows.get(invalid[0])?.focus();
      return;
    }
    const ramp = foot.ramp();
    if (ramp === null) return;
    await send(store, actions, values, ramp, foot);
  };
  const rowActions = {
    edit: (/** @type {string} */ name, /** @type {string} */ text, /** @type {string | null} */ problem) => edit(store, name, text, problem),
    revert: (/** @type {string} */ name) => store.change(['drafts'], ({ drafts }) => drafts.delete(name)),
    apply,
  };

  const build = () => {
    const { open } = store.state;
    const names = JSON.stringify((open?.run.knobs ?? []).map(({ value, asked, applied_step, ...fixed }) => fixed));
    if (names === shown) return;
    shown = names;
    rows.clear();
    for (const knob of open?.run.knobs ?? []) rows.set(knob.name, knobRow(knob, rowActions));
    const rowsOf = (/** @type {boolean} */ isFolded) => (open?.run.knobs ?? []).filter((knob) => Boolean(knob.folded) === isFolded)
      .flatMap((knob) => rows.get(knob.name)?.element ?? []);
    list.replaceChildren(...rowsOf(false));
    folded.replaceChildren(...rowsOf(true));
    fold.hidden = folded.childElementCount === 0;
    if (rows.size === 0) list.replaceChildren(waiting(open === null ? '' : 'This run has no knobs.'));
  };

  const show = () => {
    const { open, drafts, stream, recording } = store.state;
    if (open === null) return;
    build();
    const { run } = open;
    const isReadOnly = hasEnded(run.status) || recording !== null;
    if (isReadOnly) drafts.clear();
    const moment = { now_s: recording?.made_at ?? Date.now() / 1000 - (stream.offset_s ?? 0), status: run.status, step: run.step };
    for (const [name, draft] of drafts) {
      if (draft.sent !== null && [...open.ledger.values()].some((item) => item.request_id === draft.sent && item.name === name)) drafts.delete(name);
    }
    for (const knob of run.knobs) {
      const draft = drafts.get(knob.name);
      rows.get(knob.name)?.update(knob, draft, rowState(knob, draft, latestFor(open.ledger.values(), knob.name), moment), isReadOnly);
    }
    setText(aside, recording !== null ? 'as recorded' : isReadOnly ? 'as the run ended' : String(rows.size));
    foot.show([...drafts.values()].filter(({ sent }) => sent === null));
  };

  const showCures = () => {
    const { open, catalogue, recording } = store.state;
    const recipe = catalogue?.recipes.find(({ name }) => name === open?.run.recipe);
    const isOver = open === null || recording !== null || hasEnded(open.run.status);
    cures.replaceChildren(...(isOver ? [] : (recipe?.cures ?? []).map((cure) => cureButton(cure, () => {
      for (const [name, value] of Object.entries(cure.knobs)) edit(store, name, exact(value), null);
      foot.because(cure);
    }))));
  };

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) apply(null);
  };
  document.addEventListener('keydown', onKey);
  const stops = [store.subscribe(['run', 'knobs', 'ledger', 'drafts'], show), store.subscribe(['run', 'catalogue'], showCures)];
  const timer = window.setInterval(() => {
    if (!document.hidden && hasOpenRequest(store.state.open)) show();
  }, TICK_MS);
  show();
  showCures();
  return {
    element,
    dispose: () => {
      for (const stop of stops) stop();
      window.clearInterval(timer);
      document.removeEventListener('keydown', onKey);
    },
  };
}

/** What the recipe says turns it into something else: it fills the knobs in, and the person applies. @param {import('../lib/types.js').Cure} cure @param {() => void} fill */
function cureButton({ title, knobs: wanted }, fill) {
  const values = Object.entries(wanted).map(([name, value]) => `${name} = ${exact(value)}`).join(', ');
  return h('button', { type: 'button', class: 'small', text: title, title: `Fills in ${values}; nothing changes before you apply it`, testid: 'cure', on: { click: fill } });
}

/** @param {() => void} onApply @param {() => void} onRevert */
function footer(onApply, onRevert) {
  /** @type {import('../lib/types.js').Cure | null} */
  let cure = null;
  const words = h('span', { class: 'soft' });
  const problem = h('p', { class: 'problem', role: 'alert', testid: 'knobs-problem' });
  const reason = h('input', { type: 'text', placeholder: 'why? (goes into the ledger)', 'aria-label': 'Reason', testid: 'knob-reason', maxlength: 200 });
  const apply = h('button', { type: 'button', class: 'primary small', text: 'Apply', title: 'Ctrl+Enter', testid: 'apply-knobs', on: { click: onApply } });
  const revert = h('button', { type: 'button', class: 'small', text: 'Revert', testid: 'revert-knobs', on: { click: onRevert } });
  const over = h('input', { type: 'text', inputmode: 'numeric', value: '1', 'aria-label': 'Steps over which the knobs move', testid: 'knob-over' });
  const shape = h('select', { 'aria-label': 'How they move', testid: 'knob-shape', hidden: true }, h('option', { value: 'linear', text: 'linear', title: 'evenly' }), h('option', { value: 'cosine', text: 'cosine', title: 'slowly at both ends' }), h('option', { value: 'pulse', text: 'pulse', title: 'there at once, and back after so many steps' }));
  over.addEventListener('input', () => (shape.hidden = !(Number(over.value) > 1)));
  const ramp = h('div', { class: 'row knob-ramp' }, h('span', { class: 'soft', text: 'over' }), over, h('span', { class: 'soft', text: 'steps' }), shape);
  const element = h('footer', { class: 'knob-bar', hidden: true }, problem, reason, ramp, h('div', { class: 'row' }, words, h('span', { class: 'spring' }), revert, apply));
  return {
    element,
    /** Of what is sent: a cure is named only where all of it is. @param {Record<string, unknown>} values */
    reason: (values) => {
      const isPart = reason.value === cure?.title && !Object.keys(cure.knobs).every((name) => name in values);
      return isPart ? '' : reason.value;
    },
    /** Over how many steps, and how; null, with the reason shown, when that cannot be. */
    ramp: () => {
      const steps = Number(over.value);
      if (Number.isInteger(steps) && steps >= 1) return { over: steps, shape: shape.value };
      setText(problem, `the steps to move over must be a whole number from 1; got ${over.value.trim() === '' ? 'nothing' : over.value}`);
      return null;
    },
    because: (/** @type {import('../lib/types.js').Cure} */ asked) => {
      cure = asked;
      reason.value = asked.title;
    },
    done: () => {
      reason.value = '';
      over.value = '1';
      shape.hidden = true;
      setText(problem, '');
    },
    fail: (/** @type {string} */ message) => setText(problem, message),
    show: (/** @type {{problem: string | null}[]} */ edits) => {
      const valid = edits.filter((draft) => draft.problem === null).length;
      element.hidden = edits.length === 0;
      if (edits.length === 0) setText(problem, '');
      apply.disabled = valid === 0;
      setText(words, `${integer(edits.length)} edited`);
    },
  };
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {string} name
 * @param {string} text
 * @param {string | null} problem
 */
function edit(store, name, text, problem) {
  const knob = store.state.open?.run.knobs.find((each) => each.name === name);
  if (knob === undefined) return;
  const isBack = problem === null && parsed(knob, text) === (knob.value ?? knob.default);
  store.change(['drafts'], ({ drafts }) => {
    if (isBack) drafts.delete(name);
    else drafts.set(name, { text, problem, sent: null });
  });
}

/** Edits that can be sent. @param {import('../lib/store.js').Store} store @param {string[] | null} names */
function ready(store, names) {
  /** @type {Record<string, number | boolean>} */
  const values = {};
  for (const knob of store.state.open?.run.knobs ?? []) {
    const draft = store.state.drafts.get(knob.name);
    const isWanted = names === null || names.includes(knob.name);
    if (draft !== undefined && isWanted && draft.problem === null && draft.sent === null) values[knob.name] = parsed(knob, draft.text);
  }
  return values;
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {Parameters<typeof knobs>[1]} actions
 * @param {Record<string, number | boolean>} values
 * @param {{over: number, shape: string}} ramp
 * @param {ReturnType<typeof footer>} foot
 */
async function send(store, actions, values, ramp, foot) {
  const names = Object.keys(values);
  const mark = (/** @type {Partial<import('../lib/knob_state.js').Draft>} */ change, /** @type {string[]} */ which) =>
    store.change(['drafts'], ({ drafts }) => {
      for (const name of which) {
        const draft = drafts.get(name);
        if (draft !== undefined) drafts.set(name, { ...draft, ...change });
      }
    });
  mark({ sent: 'under way' }, names);
  try {
    const { request_id } = await actions.applyKnobs(ramp.over > 1 ? moving(values, ramp) : values, foot.reason(values));
    mark({ sent: request_id }, names);
    foot.done();
  } catch (error) {
    mark({ sent: null }, names);
    if (!(error instanceof Problem)) throw error;
    const { message, errors } = error;
    foot.fail(message);
    for (const { where, message: problem } of errors) mark({ problem }, names.filter((name) => where === name || where.endsWith(`.${name}`)));
  }
}

/** @param {import('../lib/store.js').Store} store */
function revertAll(store) {
  store.change(['drafts'], ({ drafts }) => drafts.clear());
}

/** @param {import('../lib/store.js').RunState | null} open */
function hasOpenRequest(open) {
  const recent_s = Date.now() / 1000 - 30;
  return open !== null && [...open.ledger.values()].some(({ kind, outcome, asked_at }) => kind === 'knob' && (!outcome || asked_at > recent_s));
}

/** Knobs that move to their values; one that is on or off only has pulses, and else is set at once. @param {Record<string, number | boolean>} values @param {{over: number, shape: string}} ramp */
function moving(values, ramp) {
  return Object.fromEntries(Object.entries(values).map(([name, to]) => [name, typeof to === 'boolean' && ramp.shape !== 'pulse' ? to : { to, ...ramp }]));
}
