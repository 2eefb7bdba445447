// @ts-check
/** Builds a run: a form made from the catalogue, and beside it the same spec as text; either follows the other. */

import { loadCatalogue } from '../lib/catalogue.js';
import { checkSpec, listDatasets } from '../lib/connection.js';
import { h } from '../lib/dom.js';
import { problems, settle } from '../lib/legal.js';
import { asDataset } from '../lib/own_images.js';
import { grouped } from '../lib/recipes.js';
import { filled, locate } from '../lib/spec.js';
import { createChecker } from '../lib/spec_check.js';
import { showProblem } from '../panels/fields.js';
import { launchSide } from '../panels/launch_side.js';
import { ownImages } from '../panels/own_images.js';
import { waiting } from '../panels/panel.js';
import { recipePicture } from '../panels/recipe_picture.js';
import { recipeStrip } from '../panels/recipe_strip.js';
import { specForm } from '../panels/spec_form.js';

/**
 * @typedef {import('../app.js').Context} Context
 * @typedef {import('../lib/types.js').Recipe} Recipe
 * @typedef {import('../lib/types.js').Catalogue} Catalogue
 */

/**
 * @param {Context} context
 * @param {URLSearchParams} query `recipe` to begin with, and the id of the uploaded `pictures` to train it on
 * @returns {() => void}
 */
export function launchPage(context, query) {
  const recipeName = query.get('recipe');
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
    const built = build(context, catalogue, recipe, recipeName);
    leave = built.stop;
    const pictures = query.get('pictures');
    if (pictures !== null) listDatasets().then((sets) => built.use(sets.find(({ id }) => id === pictures) ?? null), (error) => context.announce(error.message, 'bad'));
  };
  /** @type {() => void} */
  let leave = () => {};
  const stop = store.subscribe(['catalogue'], show);
  loadCatalogue(store).catch((error) => (error.status === 401 ? context.onSignedOut() : undefined));
  return () => {
    stop();
    leave();
  };
}

/** @param {Context} context @param {Catalogue} catalogue @param {Recipe | null} recipe @param {string | null} asked */
function build(context, catalogue, recipe, asked) {
  const { page, go } = context;
  const base = filled(recipe?.spec ?? {}, catalogue);
  const started = settle(base, catalogue);
  let spec = started.spec;
  /** What the api holds against it. @type {import('../lib/types.js').SpecError[]} */
  let refused = [];
  /** @type {Map<string, string>} */
  const typos = new Map();
  const form = h('div', { class: 'form', testid: 'launch-form' });
  const check = createChecker({
    ask: checkSpec,
    onAnswer: (answer, asks) => take(answer, 'yaml' in asks),
    onError: (error) => (error.status === 401 ? context.onSignedOut() : side.unchecked(error.message)),
  });
  const side = launchSide(context, { catalogue, recipe, form, check, read: () => ({ spec, base, typos }), onText: (text) => check.about({ yaml: text }) });
  const notice = h('div', { class: 'notice follows', role: 'status', testid: 'launch-notice' });

  const actions = {
    set: (/** @type {string} */ where, /** @type {any} */ value) => {
      assign(spec, where, value);
      changed();
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
        changed();
      });
      draw();
      changed();
    },
  };
  const notify = (/** @type {string[]} */ said, /** @type {(() => void) | null} */ undo) => {
    const button = undo === null ? null : h('button', { type: 'button', class: 'small', text: 'Undo', testid: 'launch-undo', on: { click: undo } });
    notice.replaceChildren(...(said.length === 0 ? [] : [
      h('div', { class: 'row' }, h('strong', { text: undo === null ? 'Not as the recipe has it' : 'Changed with it' }), button),
      h('ul', {}, ...said.map((text) => h('li', { text }))),
    ]));
  };
  /** The form says something else than before: the text follows when the api has written it. */
  const changed = () => {
    refused = [];
    show();
    check.about({ spec });
  };
  /** Every field with what is wrong there. */
  const show = () => {
    for (const place of form.querySelectorAll('[data-problem]')) {
      const { problem = '' } = /** @type {HTMLElement} */ (place).dataset;
      showProblem(form, problem, typos.get(problem) ?? '');
    }
    for (const { where, message } of [...refused.map((each) => ({ ...each, where: locate(each.where, spec) })), ...problems(spec, catalogue)]) showProblem(form, where, message);
    side.show();
  };
  /** @param {import('../lib/types.js').CheckedSpec} answer @param {boolean} isText */
  const take = (answer, isText) => {
    if (isText && answer.spec !== null) {
      spec = filled(answer.spec, catalogue);
      notify([], null);
      draw();
    }
    refused = answer.problems.filter(({ where }) => where !== 'yaml');
    side.checked(answer, isText);
    if (answer.spec !== null) show();
  };
  const draw = () => {
    const focused = document.activeElement?.id ?? '';
    typos.clear();
    form.replaceChildren(...specForm(catalogue, spec, actions));
    const again = focused === '' ? null : document.getElementById(focused);
    if (again !== null && form.contains(again)) again.focus();
  };
  const own = ownImages(context, catalogue);
  const lead = h('p', { class: 'words lead', text: recipe?.look ?? (asked === null ? 'Start from a recipe, from nothing, or paste a spec beside the form.' : `No recipe is called “${asked}”; this starts from nothing.`) });
  page.replaceChildren(
    h('div', { class: 'launch-head' }, recipe === null ? null : recipePicture(recipe, catalogue), h('div', {}, h('h1', { text: recipe?.title ?? 'New run' }), lead)),
    ...(recipe === null ? [recipeStrip(catalogue)] : []), own.element,
    h('div', { class: 'launch-grid', on: { keydown: side.onKey } }, h('div', { class: 'form' }, recipePicker(catalogue, recipe, go), notice, form), side.element),
  );
  notify(started.notices, null);
  draw();
  changed();
  return {
    /** Train on an upload in the place of the recipe's own pictures. @param {import('../lib/types.js').UploadedSet | null} set */
    use: (set) => (set === null ? context.announce('Those pictures are not here any more; upload them again.', 'bad') : actions.rebuild((draft) => (draft.dataset = filled({ dataset: asDataset(set, draft) }, catalogue).dataset))),
    stop: () => {
      check.stop();
      own.stop();
    },
  };
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

/** @param {Record<string, any>} spec @param {string} where @param {any} value */
function assign(spec, where, value) {
  const path = where.split('.');
  const last = /** @type {string} */ (path.pop());
  const holder = path.reduce((inner, key) => inner[key], spec);
  holder[last] = value;
}
