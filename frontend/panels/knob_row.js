// @ts-check
/** One knob: a slider and a field for the wish, a solid tick for the value in force, and what became of the wish. */

import { h, icon, setAttribute, setText } from '../lib/dom.js';
import { exact } from '../lib/format.js';
import { allowed, caption, refusal, toPosition, toValue } from '../lib/scale.js';

/** Positions of a slider: fine enough for three digits over four decades. */
const POSITIONS = 400;
const THUMB_PX = 16;

/** @type {Record<string, {shape: Parameters<typeof icon>[0], tone: string} | null>} */
const LOOKS = {
  plain: null,
  invalid: { shape: 'cross', tone: 'bad' },
  edited: { shape: 'ring', tone: 'accent' },
  sent: { shape: 'half', tone: 'accent' },
  asked: { shape: 'half', tone: 'accent' },
  applied: { shape: 'tick', tone: 'ok' },
  old: { shape: 'tick', tone: 'meta' },
  refused: { shape: 'cross', tone: 'bad' },
  dry: { shape: 'barred', tone: 'soft' },
  superseded: { shape: 'barred', tone: 'soft' },
  lost: { shape: 'query', tone: 'warn' },
};

/**
 * @typedef {object} RowActions
 * @property {(name: string, text: string, problem: string | null) => void} edit
 * @property {(name: string) => void} revert
 * @property {(names: string[] | null) => void} apply these edits; null for all
 *
 * @param {import('../lib/types.js').Knob} knob
 * @param {RowActions} actions
 */
export function knobRow(knob, actions) {
  const id = `knob-${knob.name.replace(/[^a-zA-Z0-9_.-]/g, '-')}`;
  const isBoolean = knob.kind === 'boolean';
  const state = h('span', { class: 'knob-words', testid: 'state', id: `${id}-state` });
  const mark = h('span', { class: 'knob-mark' });
  const apply = h('button', { type: 'button', class: 'small primary', text: 'Apply', testid: 'apply', hidden: true });
  const tick = h('span', { class: 'tick', title: 'In force' });
  const input = isBoolean
    ? h('input', { type: 'checkbox', id, testid: 'input' })
    : h('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off', spellcheck: 'false', id, testid: 'input' });
  const slider = h('input', {
    type: 'range', min: 0, max: POSITIONS, step: 1, testid: 'slider', 'aria-label': `${knob.name}, slider`, hidden: isBoolean,
  });
  setAttribute(input, 'aria-describedby', `${id}-state`);
  const range = h('span', { class: 'knob-range', title: `${allowed(knob)}; default ${exact(knob.default)}`, text: caption(knob) });
  const element = h('li', { class: 'knob', testid: `knob-${knob.name}` },
    h('div', { class: 'knob-head' }, h('label', { for: id, title: knob.help ?? '' }, ...labelParts(knob)), input),
    h('div', { class: 'knob-slider' }, slider, isBoolean ? null : tick),
    h('div', { class: 'knob-foot' }, range, h('span', { class: 'knob-state' }, mark, state), apply));

  const wish = () => (isBoolean ? String(input.checked) : input.value);
  const edited = () => {
    const text = wish();
    actions.edit(knob.name, text, isBoolean ? null : refusal(knob, text));
  };
  input.addEventListener('input', edited);
  slider.addEventListener('input', () => {
    input.value = exact(toValue(knob, Number(slider.value) / POSITIONS));
    edited();
  });
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') actions.revert(knob.name);
    if (event.key === 'Enter' && event.target !== apply) actions.apply(null);
  });
  apply.addEventListener('click', () => actions.apply([knob.name]));

  return {
    element,
    focus: () => input.focus(),
    /**
     * @param {import('../lib/types.js').Knob} now
     * @param {import('../lib/knob_state.js').Draft | undefined} draft
     * @param {import('../lib/knob_state.js').RowState} row
     * @param {boolean} isReadOnly
     */
    update(now, draft, row, isReadOnly) {
      const value = now.value ?? now.default;
      const wanted = draft?.text ?? exact(row.kind === 'asked' ? (now.asked ?? value) : value);
      if (isBoolean) input.checked = wanted === 'true';
      else if (input.value !== wanted) input.value = wanted;
      input.disabled = isReadOnly;
      slider.disabled = isReadOnly;
      if (!isBoolean) place(now, Number(wanted), Number(value));
      setAttribute(input, 'aria-invalid', row.kind === 'invalid' ? 'true' : null);
      element.dataset.value = String(value);
      apply.hidden = row.kind !== 'edited';
      show(row);
    },
  };

  /** @param {import('../lib/types.js').Knob} now @param {number} wanted @param {number} value */
  function place(now, wanted, value) {
    const position = Number.isNaN(wanted) ? toPosition(now, value) : toPosition(now, wanted);
    const at = String(Math.round(position * POSITIONS));
    if (slider.value !== at) slider.value = at;
    setAttribute(slider, 'aria-valuetext', `${Number.isNaN(wanted) ? exact(value) : exact(wanted)} ${now.unit ?? ''}, in force ${exact(value)}`);
    const inForce = toPosition(now, value);
    tick.style.left = `calc(${(inForce * 100).toFixed(2)}% + ${(THUMB_PX * (0.5 - inForce)).toFixed(1)}px)`;
  }

  /** @param {import('../lib/knob_state.js').RowState} row */
  function show(row) {
    if (element.dataset.state !== row.kind) {
      const look = LOOKS[row.kind];
      mark.replaceChildren(...(look === null ? [] : [icon(look.shape, look.tone)]));
      state.className = `knob-words ${look?.tone ?? ''}`;
      element.classList.toggle('flash', row.kind === 'applied' && element.dataset.state !== undefined);
    }
    element.dataset.state = row.kind;
    setText(state, row.text);
    setAttribute(state, 'title', row.why === undefined || row.text === '' ? row.text : `${row.text}: ${row.why}`);
  }
}

/** @param {import('../lib/types.js').Knob} knob */
function labelParts({ name, unit }) {
  const cut = name.lastIndexOf('.') + 1;
  return [
    h('span', { class: 'knob-entry', text: name.slice(0, cut) }), h('wbr'), h('span', { text: name.slice(cut) }),
    unit ? h('span', { class: 'knob-unit', text: ` ${unit}` }) : null,
  ];
}
