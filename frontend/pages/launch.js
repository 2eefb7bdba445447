// @ts-check
/** Builds a run: a form made from the catalogue, and beside it the spec that will be sent. */

import { sweepable } from '../lib/axes.js';
import { loadCatalogue } from '../lib/catalogue.js';
import { createRun, createSweep, Problem } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { problems, settle } from '../lib/legal.js';
import { grouped } from '../lib/recipes.js';
import { difference, filled, locate } from '../lib/spec.js';
import { idOf, showProblem } from '../panels/fields.js';
import { waiting } from '../panels/panel.js';
import { specForm } from '../panels/spec_form.js';
import { sweepForm } from '../panels/sweep_form.js';

/**
 * @typedef {import('../app.js').Context} Context
 * @typedef {import('../lib/types.js').Recipe} Recipe
 * @typedef {import('../lib/types.js').Catalogue} Catalogue
 */

/**
 * @param {Context} context
 * @param {string | null} recipeName
 * @returns {() => void}
 */
export function launchPage(context, recipeName) {
  const { store, page, bar } = context;
  bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('span', { class: 'here', text: 'New run' }));
  document.title = 'New run · Modescope';
  page.className = 'launch';
  page.replaceChildren(waiting('Asking the workers what they can do …'));
  const show = () => {
    const { catalogue, catalogueProblem } = store.state;
    if (catalogue === null) {
      if (catalogueProblem !== null) page.replaceChildren(h('h1', { text: 'New run' }), h('p', { class: 'words', text: catalogueProblem }));
      return;
    }
    stop();
    const recipe = catalogue.recipes.find(({ name }) => name === recipeName) ?? null;
    build(context, catalogue, recipe, recipeName);
  };
  const stop = store.subscribe(['catalogue'], show);
  loadCatalogue(store).catch((error) => (error.status === 401 ? context.onSignedOut() : undefined));
  return stop;
}

/** @param {Context} context @param {Catalogue} catalogue @param {Recipe | null} recipe @param {string | null} asked */
function build(context, catalogue, recipe, asked) {
  const { page, go } = context;
  const base = filled(recipe?.spec ?? {}, catalogue);
  const started = settle(base, catalogue);
  let spec = started.spec;
  /** @type {Map<string, string>} */
  const typos = new Map();
  const form = h('div', { class: 'form', testid: 'launch-form' });
  const side = sidePanel(context, catalogue, recipe, () => ({ spec, base, typos }), form);
  const notice = h('div', { class: 'notice follows', role: 'status', testid: 'launch-notice' });

  const actions = {
    set: (/** @type {string} */ where, /** @type {any} */ value) => {
      assign(spec, where, value);
      refresh();
    },
    fail: (/** @type {string} */ where, /** @type {string | null} */ problem) => {
      if (problem === null) typos.delete(where);
      else typos.set(where, problem);
      showProblem(form, where, problem ?? '');
    },
    rebuild: (/** @type {(draft: Record<string, any>) => any} */ change) => {
      const draft = structuredClone(spec);
      change(draft);
      const next = settle(draft, catalogue);
      const before = spec;
      spec = next.spec;
      notify(next.notices, () => {
        spec = before;
        notify([], null);
        draw();
      });
      draw();
    },
  };
  const notify = (/** @type {string[]} */ said, /** @type {(() => void) | null} */ undo) => {
    const button = undo === null ? null : h('button', { type: 'button', class: 'small', text: 'Undo', testid: 'launch-undo', on: { click: undo } });
    notice.replaceChildren(...(said.length === 0 ? [] : [
      h('div', { class: 'row' }, h('strong', { text: undo === null ? 'Not as the recipe has it' : 'Changed with it' }), button),
      h('ul', {}, ...said.map((text) => h('li', { text }))),
    ]));
  };
  const refresh = () => {
    for (const place of form.querySelectorAll('[data-problem]')) {
      const { problem = '' } = /** @type {HTMLElement} */ (place).dataset;
      showProblem(form, problem, typos.get(problem) ?? '');
    }
    for (const { where, message } of problems(spec, catalogue)) showProblem(form, where, message);
    side.show();
  };
  const draw = () => {
    const focused = document.activeElement?.id ?? '';
    typos.clear();
    form.replaceChildren(...specForm(catalogue, spec, actions));
    document.getElementById(focused)?.focus();
    refresh();
  };
  const picker = recipePicker(catalogue, recipe, go);
  page.replaceChildren(
    h('h1', { text: recipe?.title ?? 'New run' }),
    h('p', { class: 'words lead', text: recipe?.look ?? (asked === null ? 'Start from nothing, or from a recipe.' : `No recipe is called “${asked}”; this starts from nothing.`) }),
    h('div', { class: 'launch-grid', on: { keydown: side.onKey } }, h('div', { class: 'form' }, picker, notice, form), side.element),
  );
  notify(started.notices, null);
  draw();
}

/** @param {Catalogue} catalogue @param {Recipe | null} recipe @param {(address: string) => void} go */
function recipePicker(catalogue, recipe, go) {
  const select = h('select', { id: 'recipe', testid: 'choose-recipe' },
    h('option', { value: '', text: 'nothing', selected: recipe === null }),
    ...[...grouped(catalogue.recipes)].map(([label, recipes]) => h('optgroup', { label },
      ...recipes.map(({ name, title }) => h('option', { value: name, text: `${title} (${name})`, selected: name === recipe?.name })))));
  select.addEventListener('change', () => go(select.value === '' ? '/launch' : `/launch?recipe=${encodeURIComponent(select.value)}`));
  return h('div', { class: 'group-head' }, h('label', { for: 'recipe', text: 'Start from' }), select);
}

/**
 * Name, Launch, what is wrong, and the spec as JSON.
 * @param {Context} context
 * @param {Catalogue} catalogue
 * @param {Recipe | null} recipe
 * @param {() => {spec: Record<string, any>, base: Record<string, any>, typos: Map<string, string>}} read
 * @param {HTMLElement} form
 */
function sidePanel({ go, onSignedOut }, catalogue, recipe, read, form) {
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
  };
  const errors = h('p', { class: 'notice bad', role: 'alert', testid: 'launch-errors' });
  const json = h('pre', { class: 'mono spec', tabindex: 0, testid: 'launch-spec', 'aria-label': 'The spec as JSON' });
  const element = h('aside', { class: 'side' },
    h('div', { class: 'panel' }, h('div', { class: 'field' }, h('label', { for: 'run-name', text: 'Name' }), name), sweep.element,
      h('div', { class: 'row' }, button, words), errors),
    h('section', { class: 'panel', 'aria-label': 'Spec' }, h('h2', { text: 'Spec' }), json));

  const launch = async () => {
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
    show: () => {
      const { spec, base } = read();
      setText(errors, '');
      sweep.update();
      const changed = Object.keys(difference(base, spec)).length;
      setText(json, JSON.stringify(spec, null, 2));
      setText(words, recipe === null ? '' : changed === 0 ? 'as the recipe has it' : `${changed} ${changed === 1 ? 'part' : 'parts'} changed`);
    },
  };
}

/** Whether a refusal speaks of a sweep's axes alone. @param {Problem} problem */
function isOfAxes({ errors }) {
  return errors.length > 0 && errors.every(({ where }) => /^(axes|seeds)\b/.test(where));
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

/** @param {Record<string, any>} spec @param {string} where @param {any} value */
function assign(spec, where, value) {
  const path = where.split('.');
  const last = /** @type {string} */ (path.pop());
  const holder = path.reduce((inner, key) => inner[key], spec);
  holder[last] = value;
}
