// @ts-check
/** Fork…: a new run that goes on from a checkpoint of this one, with other knobs, more steps, or other randomness. */

import { h, setText } from '../lib/dom.js';
import { exact, integer } from '../lib/format.js';
import { refusal } from '../lib/scale.js';

/**
 * @typedef {object} Fork what is asked for
 * @property {number} checkpoint_step
 * @property {Record<string, number | boolean>} knobs
 * @property {Record<string, unknown>} overrides
 * @property {string} [name]
 *
 * @param {import('../lib/store.js').Store} store
 * @param {{fork: (wanted: Fork, isStopped: boolean, key: string) => Promise<void>}} actions
 * @returns {{button: HTMLButtonElement, dialog: HTMLElement, dispose: () => void}}
 */
export function forkDialog(store, actions) {
  const from = h('select', { id: 'fork-from', testid: 'fork-from' });
  const steps = h('input', { type: 'text', inputmode: 'numeric', id: 'fork-steps', testid: 'fork-steps' });
  const seed = h('input', { type: 'text', inputmode: 'numeric', id: 'fork-seed', testid: 'fork-seed' });
  const name = h('input', { type: 'text', id: 'fork-name', maxlength: 120, testid: 'fork-name' });
  const stops = h('input', { type: 'checkbox', id: 'fork-stops', testid: 'fork-stops' });
  const rows = h('ul', { class: 'fork-knobs' });
  const problem = h('p', { class: 'problem', role: 'alert', testid: 'fork-problem' });
  const add = h('button', { type: 'button', class: 'small', text: 'Change a knob', testid: 'fork-add-knob', on: { click: () => rows.append(knobChoice(knobs())) } });
  const go = h('button', { type: 'submit', class: 'primary', text: 'Fork', testid: 'fork-confirm' });
  const cancel = h('button', { type: 'button', text: 'Cancel', on: { click: () => dialog.close() } });
  const stopField = h('label', { class: 'check' }, stops, h('span', { text: 'Stop this run' }));
  const form = h('form', { method: 'dialog' }, h('h2', { text: 'Fork this run' }),
    h('p', { class: 'words', text: 'A new run goes on from a checkpoint of this one; its curves continue these. With the same seed and nothing changed it repeats this run.' }),
    field('From', from), h('div', { class: 'field' }, h('div', { class: 'field-head' }, h('span', { text: 'Knobs' }), add), rows),
    field('Steps', steps), field('Seed', seed), field('Name', name), stopField, problem, h('div', { class: 'row' }, cancel, go));
  const dialog = h('dialog', { class: 'fork', 'aria-label': 'Fork this run', testid: 'fork-dialog' }, form);
  const button = h('button', { type: 'button', text: 'Fork…', testid: 'fork', on: { click: () => open() } });

  let asked = { text: '', key: '' };
  const knobs = () => [...(store.state.open?.run.knobs ?? [])];
  const open = () => {
    const { open: now } = store.state;
    if (now === null) return;
    const { run } = now;
    const newest = [...now.checkpoints.values()].sort((one, other) => other.step - one.step);
    from.replaceChildren(...newest.map(({ step, reason }) => h('option', { value: String(step), text: `step ${integer(step)} (${reason})` })));
    steps.value = String(stepsFor(run, Number(from.value)));
    seed.value = String(run.spec.seed ?? 0);
    name.value = '';
    stops.checked = false;
    stopField.hidden = !['running', 'paused', 'queued', 'starting', 'parked', 'lost'].includes(run.status);
    rows.replaceChildren();
    setText(problem, '');
    asked = { text: '', key: '' };
    dialog.showModal();
  };
  from.addEventListener('change', () => {
    const { open: now } = store.state;
    if (now !== null && Number(steps.value) <= Number(from.value)) steps.value = String(stepsFor(now.run, Number(from.value)));
    setText(problem, '');
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { open: now } = store.state;
    if (now === null) return;
    const wanted = read({ from, steps, seed, name, rows }, now.run);
    setText(problem, typeof wanted === 'string' ? wanted : '');
    if (typeof wanted === 'string') return;
    go.disabled = true;
    const text = JSON.stringify(wanted);
    if (text !== asked.text) asked = { text, key: crypto.randomUUID() };
    await actions.fork(wanted, stops.checked, asked.key).then(() => dialog.close(), (error) => setText(problem, error.message));
    go.disabled = false;
  });

  const show = () => {
    const count = store.state.open?.checkpoints.size ?? 0;
    button.disabled = count === 0;
    button.title = count === 0 ? 'A fork needs a checkpoint: write one first' : 'Go on from a checkpoint as a new run';
  };
  const dispose = store.subscribe(['run', 'checkpoints'], show);
  show();
  return { button, dialog, dispose };
}

/** Steps of a fork: the run's own, or as many again where it goes on from their end. @param {import('../lib/types.js').Run} run @param {number} from */
function stepsFor({ steps }, from) {
  return steps > from ? steps : from + steps;
}

/**
 * What the form asks for, or what is wrong with it.
 * @param {{from: HTMLSelectElement, steps: HTMLInputElement, seed: HTMLInputElement, name: HTMLInputElement, rows: HTMLElement}} form
 * @param {import('../lib/types.js').Run} run
 * @returns {Fork | string}
 */
function read({ from, steps, seed, name, rows }, run) {
  /** @type {Record<string, number | boolean>} */
  const knobs = {};
  for (const row of rows.children) {
    const [choice, input] = [row.querySelector('select'), row.querySelector('input')];
    const knob = run.knobs.find((each) => each.name === choice?.value);
    if (knob === undefined || input === null) continue;
    const said = knob.kind === 'boolean' ? null : refusal(knob, input.value);
    if (said !== null) return said;
    knobs[knob.name] = knob.kind === 'boolean' ? input.checked : Number(input.value);
  }
  const whole = { steps: Number(steps.value), seed: Number(seed.value) };
  for (const [what, value] of Object.entries(whole)) {
    if (!Number.isInteger(value) || value < 0) return `${what} must be a whole number; got ${what === 'steps' ? steps.value : seed.value}`;
  }
  const overrides = Object.fromEntries(Object.entries(whole).filter(([what, value]) => value !== run.spec[what]));
  const called = name.value.trim() === '' ? {} : { name: name.value.trim() };
  return { checkpoint_step: Number(from.value), knobs, overrides, ...called };
}

/** A knob to choose, and its value; a value in force stands there first. @param {import('../lib/types.js').Knob[]} knobs */
function knobChoice(knobs) {
  const choice = h('select', { 'aria-label': 'Knob', testid: 'fork-knob' }, ...knobs.map(({ name }) => h('option', { value: name, text: name })));
  const value = h('input', { 'aria-label': 'Value', testid: 'fork-value' });
  const remove = h('button', { type: 'button', class: 'small', text: 'Remove', on: { click: () => row.remove() } });
  const row = h('li', { class: 'row' }, choice, value, remove);
  const show = () => {
    const knob = knobs.find(({ name }) => name === choice.value);
    if (knob === undefined) return;
    const now = knob.value ?? knob.default;
    value.type = knob.kind === 'boolean' ? 'checkbox' : 'text';
    if (knob.kind === 'boolean') value.checked = now === true;
    else value.value = exact(now);
  };
  choice.addEventListener('change', show);
  show();
  return row;
}

/** @param {string} label @param {HTMLElement} input */
function field(label, input) {
  return h('div', { class: 'field' }, h('div', { class: 'field-head' }, h('label', { for: input.id, text: label }), input));
}
