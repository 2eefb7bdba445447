// @ts-check
/** The recipes as cards: what to look at, how long it takes, and a button. */

import { h } from '../lib/dom.js';
import { waiting } from './panel.js';

/**
 * @param {import('../lib/store.js').Store} store
 * @param {(recipe: string) => Promise<void>} launch
 */
export function recipeCards(store, launch) {
  const element = h('ul', { class: 'cards', testid: 'recipes' });
  const show = () => {
    const { catalogue, catalogueProblem } = store.state;
    if (catalogue === null) {
      element.replaceChildren(h('li', { class: 'cards-note' }, waiting(catalogueProblem ?? 'Asking the workers what they can do …')));
    } else if (catalogue.recipes.length === 0) {
      element.replaceChildren(h('li', { class: 'cards-note' }, waiting('No recipe was announced; “New run” builds a run from the components.')));
    } else {
      element.replaceChildren(...catalogue.recipes.map((recipe) => card(recipe, launch)));
    }
  };
  const dispose = store.subscribe(['catalogue'], show);
  show();
  return { element, dispose };
}

/** @param {import('../lib/types.js').Recipe} recipe @param {(recipe: string) => Promise<void>} launch */
function card({ name, title, look, duration, spec }, launch) {
  const button = h('button', { type: 'button', class: 'primary', text: 'Launch', testid: `launch-${name}`, 'aria-label': `Launch ${title}` });
  button.addEventListener('click', async () => {
    button.disabled = true;
    await launch(name);
    button.disabled = false;
  });
  return h('li', { class: 'panel card-recipe', testid: `recipe-card-${name}` },
    h('h3', { text: title }),
    h('p', { class: 'chips' }, ...facts(spec).map((text) => h('span', { class: 'tag', text }))),
    h('p', { class: 'card-look', text: look }),
    h('p', { class: 'meta', text: `${name} · ${duration}` }),
    h('div', { class: 'row' }, button, h('a', { class: 'button', href: `/launch?recipe=${encodeURIComponent(name)}`, text: 'Customise', testid: `customise-${name}` })));
}

/** What the recipe is made of. @param {Record<string, any>} spec */
function facts(spec) {
  const size = spec.dataset?.size;
  const dataset = spec.dataset === undefined ? [] : [size === undefined ? spec.dataset.name : `${spec.dataset.name} ${size}`];
  const parts = [spec.network?.name, spec.loss?.name, spec.conditioning?.name, ...(spec.regularisers ?? []).map((/** @type {any} */ each) => each.name)];
  return [...dataset, ...parts.filter((name) => name !== undefined && name !== 'none')];
}
