// @ts-check
/** The fields of one component's params, as its schema describes them. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { exact } from '../lib/format.js';
import { allowed, refusal, toPosition, toValue } from '../lib/scale.js';

const POSITIONS = 400;

/**
 * @typedef {import('../lib/schema.js').Field} Field
 *
 * @typedef {object} FieldActions
 * @property {(where: string, value: any) => void} set
 * @property {(where: string, problem: string | null) => void} fail what was typed cannot be a value
 */

/**
 * @param {string} where path of the params in the spec; empty for the run's own
 * @param {Field[]} fields
 * @param {Record<string, any>} values
 * @param {string[]} keys what a param that holds one value a key may be keyed by
 * @param {FieldActions} actions
 */
export function fieldGrid(where, fields, values, keys, actions) {
  const path = (/** @type {string} */ param) => (where === '' ? param : `${where}.${param}`);
  return h('div', { class: 'fields' }, ...fields.flatMap((field) =>
    field.kind === 'map'
      ? keys.map((key) => mapField(path(field.param), key, field, values[field.param] ?? {}, actions))
      : [oneField(path(field.param), field, values[field.param], actions)]));
}

/** @param {string} where @param {Field} field @param {any} value @param {FieldActions} actions */
function oneField(where, field, value, actions) {
  const control = CONTROLS[field.kind](where, field, value, actions);
  const { isKnob, help, unit, param } = field;
  return frame(where, param, [control.input], { isKnob, unit, help: helpWords(field, help), below: control.below });
}

/** One key of a param that holds a number for each. An empty field leaves the key out. */
function mapField(/** @type {string} */ where, /** @type {string} */ key, /** @type {Field} */ field, /** @type {Record<string, number>} */ values, /** @type {FieldActions} */ actions) {
  const place = `${where}.${key}`;
  const input = textInput(place, values[key] === undefined ? '' : exact(values[key]), { inputmode: 'decimal', placeholder: 'default' });
  const knob = asKnob(field, key);
  input.addEventListener('input', () => {
    const problem = input.value.trim() === '' ? null : refusal(knob, input.value);
    actions.fail(place, problem);
    if (problem !== null) return;
    if (input.value.trim() === '') delete values[key];
    else values[key] = Number(input.value);
    actions.set(where, { ...values });
  });
  return frame(place, `${field.param}.${key}`, [input], { isKnob: field.isKnob, unit: field.unit, help: field.help, below: null });
}

/** @type {Record<string, (where: string, field: Field, value: any, actions: FieldActions) => {input: HTMLElement, below: HTMLElement | null}>} */
const CONTROLS = {
  number: numberControl,
  integer: numberControl,
  boolean: (where, _, value, actions) => {
    const input = h('input', { type: 'checkbox', id: idOf(where), checked: value === true });
    input.addEventListener('change', () => actions.set(where, input.checked));
    return { input, below: null };
  },
  choice: (where, field, value, actions) => {
    const options = field.isNullable ? [null, ...field.choices] : field.choices;
    const input = h('select', { id: idOf(where) }, ...options.map((each) =>
      h('option', { value: JSON.stringify(each), text: each === null ? 'none' : String(each), selected: each === value })));
    input.addEventListener('change', () => actions.set(where, JSON.parse(input.value)));
    return { input, below: null };
  },
  text: (where, field, value, actions) => {
    const input = textInput(where, value ?? '', { class: 'wide-input', placeholder: field.isNullable ? 'none' : '' });
    input.addEventListener('input', () => actions.set(where, input.value === '' && field.isNullable ? null : input.value));
    return { input, below: null };
  },
  json: (where, _, value, actions) => {
    const input = textInput(where, JSON.stringify(value ?? null), { class: 'wide-input mono' });
    input.addEventListener('input', () => {
      const found = parsedJson(input.value);
      actions.fail(where, found === null ? 'this is not JSON' : null);
      if (found !== null) actions.set(where, found.value);
    });
    return { input, below: null };
  },
};

/** A number's field; a knob with both bounds also has a slider. */
function numberControl(/** @type {string} */ where, /** @type {Field} */ field, /** @type {any} */ value, /** @type {FieldActions} */ actions) {
  const knob = asKnob(field, where);
  const isOpen = field.minimum === null || field.maximum === null;
  const input = textInput(where, value === null || value === undefined ? '' : exact(value), { inputmode: 'decimal', placeholder: field.isNullable ? 'none' : '' });
  const slider = !field.isKnob || isOpen ? null : h('input', {
    type: 'range', min: 0, max: POSITIONS, value: Math.round(toPosition(knob, Number(value)) * POSITIONS), 'aria-label': `${field.param}, slider`,
  });
  const take = () => {
    const isNone = input.value.trim() === '' && field.isNullable;
    const problem = isNone ? null : refusal(knob, input.value);
    actions.fail(where, problem);
    if (problem === null) actions.set(where, isNone ? null : Number(input.value));
  };
  input.addEventListener('input', () => {
    if (slider !== null && Number.isFinite(Number(input.value))) slider.value = String(Math.round(toPosition(knob, Number(input.value)) * POSITIONS));
    take();
  });
  slider?.addEventListener('input', () => {
    input.value = exact(toValue(knob, Number(slider.value) / POSITIONS));
    take();
  });
  return { input, below: slider };
}

/**
 * @param {string} where
 * @param {string} name
 * @param {HTMLElement[]} inputs
 * @param {{isKnob: boolean, unit: string, help: string, below: HTMLElement | null}} about
 */
function frame(where, name, inputs, { isKnob, unit, help, below }) {
  const id = idOf(where);
  const problem = h('p', { class: 'problem', id: `${id}-problem`, data: { problem: where } });
  for (const input of inputs) setAttribute(input, 'aria-describedby', `${id}-help ${id}-problem`);
  return h('div', { class: 'field', testid: `field-${where}` },
    h('div', { class: 'field-head' },
      h('label', { for: id, text: name }),
      isKnob ? h('span', { class: 'knob-tag', title: 'Can be turned while the run goes on', text: 'knob' }) : null,
      ...inputs, unit === '' ? null : h('span', { class: 'unit', text: unit })),
    below, h('p', { class: 'help', id: `${id}-help`, text: help }), problem);
}

/**
 * Show what is wrong at its field, or take it away.
 * @param {HTMLElement} form
 * @param {string} where
 * @param {string} message
 * @returns {boolean} whether there is such a field
 */
export function showProblem(form, where, message) {
  const place = [...form.querySelectorAll('[data-problem]')].find((each) => /** @type {HTMLElement} */ (each).dataset.problem === where);
  if (place === undefined) return false;
  setText(place, message);
  const input = form.querySelector(`#${CSS.escape(idOf(where))}`);
  if (input !== null) setAttribute(input, 'aria-invalid', message === '' ? null : 'true');
  return true;
}

/** @param {string} where */
export function idOf(where) {
  return `field-${where.replaceAll('.', '-')}`;
}

/** @param {string} where @param {string} value @param {Record<string, any>} more */
function textInput(where, value, more) {
  return h('input', { type: 'text', id: idOf(where), autocomplete: 'off', spellcheck: 'false', value, ...more });
}

/** @param {Field} field @param {string} name @returns {import('../lib/types.js').Knob} */
function asKnob(field, name) {
  const { minimum, maximum, exclusive_minimum, exclusive_maximum, scale } = field;
  return {
    name: name.split('.').pop() ?? name, kind: field.kind === 'integer' ? 'integer' : 'number', minimum, maximum,
    exclusive_minimum, exclusive_maximum, scale, default: typeof field.default === 'number' ? field.default : 0,
  };
}

/** @param {Field} field @param {string} help */
function helpWords(field, help) {
  if (field.kind !== 'number' && field.kind !== 'integer') return help;
  const isBounded = field.minimum !== null || field.maximum !== null;
  return isBounded ? `${help} ${allowed(asKnob(field, field.param)).replace(/^a (whole )?number /, (_, whole) => (whole ? 'Whole, ' : ''))}.`.replace(/(^|\. )([a-z])/g, (_, start, letter) => start + letter.toUpperCase()) : help;
}

/** @param {string} text @returns {{value: any} | null} */
function parsedJson(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
