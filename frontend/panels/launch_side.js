// @ts-check
/** Beside the form: the run's name, what it will cost, Launch, what is wrong, and the spec as text. */

import { sweepable } from '../lib/axes.js';
import { createRun, createSweep, Problem } from '../lib/connection.js';
import { costWords } from '../lib/cost.js';
import { h, setText } from '../lib/dom.js';
import { problems } from '../lib/legal.js';
import { difference, locate } from '../lib/spec.js';
import { idOf, showProblem } from './fields.js';
import { specText } from './spec_text.js';
import { sweepForm } from './sweep_form.js';

/**
 * @typedef {object} Parts
 * @property {import('../lib/types.js').Catalogue} catalogue
 * @property {import('../lib/types.js').Recipe | null} recipe
 * @property {HTMLElement} form
 * @property {{settled: () => Promise<void>}} check
 * @property {() => {spec: Record<string, any>, base: Record<string, any>, typos: Map<string, string>}} read
 * @property {(text: string) => void} onText somebody types into the spec's text
 */

/**
 * @param {import('../app.js').Context} context
 * @param {Parts} parts
 */
export function launchSide({ go, onSignedOut }, { catalogue, recipe, form, check, read, onText }) {
  const name = h('input', { type: 'text', id: 'run-name', maxlength: 120, placeholder: recipe?.name ?? 'a name, if you like', testid: 'launch-name' });
  const button = h('button', { type: 'button', class: 'primary', text: 'Launch', title: 'Ctrl+Enter', testid: 'launch-submit' });
  const words = h('span', { class: 'meta' });
  const sweep = sweepForm(() => sweepable(read().spec, catalogue), () => {
    setText(errors, '');
    showCount();
  });
  const showCount = () => {
    const { n } = sweep.read();
    setText(button, n === null ? 'Launch' : `Launch ${n} ${n === 1 ? 'run' : 'runs'}`);
    showCost();
  };
  /** @type {import('../lib/types.js').Estimate | null} */
  let estimate = null;
  const showCost = () => {
    const cost = costWords(estimate, read().spec.steps, recipe?.duration ?? null, sweep.read().n ?? 1);
    setText(lead, cost.lead);
    setText(basis, cost.basis);
  };
  const errors = h('p', { class: 'notice bad', role: 'alert', testid: 'launch-errors' });
  const [lead, basis] = [h('strong', { testid: 'cost' }), h('p', { class: 'help meta', testid: 'cost-basis' })];
  /** What of the text cannot be a spec. @type {string} */
  let torn = '';
  const text = specText((typed) => {
    setText(errors, '');
    onText(typed);
  });
  const element = h('aside', { class: 'side' },
    h('div', { class: 'panel' }, h('div', { class: 'field' }, h('label', { for: 'run-name', text: 'Name' }), name), sweep.element,
      h('div', { class: 'cost' }, h('p', {}, h('span', { class: 'soft', text: 'Takes ' }), lead), basis),
      h('div', { class: 'row' }, button, words), errors),
    text.element);

  const launch = async () => {
    await check.settled();
    if (torn !== '') {
      setText(errors, `Mend the spec’s text first: ${torn}`);
      text.focus();
      return;
    }
    const { spec, base, typos } = read();
    const open = [...typos.keys(), ...problems(spec, catalogue).map(({ where }) => where)];
    if (open.length > 0) {
      setText(errors, `Mend ${open.join(', ')} first.`);
      document.getElementById(idOf(open[0]))?.focus();
      return;
    }
    const { axes, seeds, n, problem: unclear } = sweep.read();
    if (unclear !== '') {
      setText(errors, unclear);
      return;
    }
    const about = name.value.trim() === '' ? {} : { name: name.value.trim() };
    const wanted = recipe === null ? { spec, ...about } : { recipe: recipe.name, overrides: difference(base, spec), ...about };
    button.disabled = true;
    setText(errors, '');
    try {
      if (n === null) go(`/runs/${encodeURIComponent((await createRun(wanted)).id)}`);
      else go(`/sweeps/${encodeURIComponent((await createSweep({ ...wanted, axes, seeds })).id)}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 401) onSignedOut();
      else setText(errors, isOfAxes(error) ? error.message : placed(form, spec, error));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener('click', launch);

  return {
    element,
    onKey: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) launch();
    },
    /** The api has looked at the spec. @param {import('../lib/types.js').CheckedSpec} answer @param {boolean} isText whether somebody typed it */
    checked: (answer, isText) => {
      const isTorn = isText && answer.spec === null;
      torn = isTorn ? said(answer.problems) : '';
      if (isText) text.taken();
      else text.set(answer.yaml);
      const n = answer.problems.length;
      text.mark(answer.problems, isTorn ? 'not taken: the form shows the last one that was' : n === 0 ? '' : `${n} ${n === 1 ? 'fault' : 'faults'}`);
      estimate = answer.estimate ?? null;
      showCost();
    },
    /** The api did not answer. @param {string} why */
    unchecked: (why) => text.mark([], `not checked: ${why}`),
    show: () => {
      const { spec, base } = read();
      setText(errors, '');
      sweep.update();
      const changed = Object.keys(difference(base, spec)).length;
      setText(words, recipe === null ? '' : changed === 0 ? 'as the recipe has it' : `${changed} ${changed === 1 ? 'part' : 'parts'} changed`);
    },
  };
}

/** Whether a refusal speaks of a sweep's axes alone. @param {Problem} problem */
function isOfAxes({ errors }) {
  return errors.length > 0 && errors.every(({ where }) => /^(axes|seeds)\b/.test(where));
}

/** @param {import('../lib/types.js').TextProblem[]} problems */
function said(problems) {
  return problems.map(({ line = null, message }) => (line === null ? message : `line ${line}: ${message}`)).join('; ');
}

/**
 * Errors go to their fields; what has no field is answered.
 * @param {HTMLElement} form
 * @param {Record<string, any>} spec
 * @param {Problem} problem
 */
function placed(form, spec, problem) {
  const homeless = problem.errors.filter(({ where, message }) => {
    const place = locate(where, spec);
    return !showProblem(form, place, message) && !showProblem(form, place.split('.').slice(0, -1).join('.'), message) && !showProblem(form, place.split('.')[0], message);
  });
  if (problem.errors.length === 0) return problem.message;
  form.querySelector('.problem:not(:empty)')?.scrollIntoView({ block: 'center' });
  const rest = homeless.map(({ where, message }) => `${where}: ${message}`);
  return ['This cannot run as it is; see the marked fields.', ...rest].join(' ');
}
