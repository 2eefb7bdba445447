// @ts-check
/** The recipes as cards: what to look at, how long it takes, and a button. */

import { h } from '../lib/dom.js';
import { grouped, matches, partsOf } from '../lib/recipes.js';
import { waiting } from './panel.js';
import { recipePicture } from './recipe_picture.js';

/**
 * @param {import('../lib/store.js').Store} store
 * @param {(recipe: string) => Promise<void>} launch
 */
export function recipeCards(store, launch) {
  const search = h('input', { type: 'search', class: 'filter', placeholder: 'Filter recipes: collapse, digits, r1 …', 'aria-label': 'Filter recipes', testid: 'filter-recipes' });
  const element = h('div', { testid: 'recipes' });
  const show = () => {
    const { catalogue, catalogueProblem } = store.state;
    if (catalogue === null) {
      element.replaceChildren(waiting(catalogueProblem ?? 'Asking the workers what they can do …'));
    } else if (catalogue.recipes.length === 0) {
      element.replaceChildren(waiting('No recipe was announced; “New run” builds a run from the components.'));
    } else {
      const found = grouped(catalogue.recipes.filter((recipe) => matches(recipe, search.value)));
      const none = waiting(`No recipe speaks of “${search.value}”.`);
      element.replaceChildren(...(found.size === 0 ? [none] : [...found].map(([title, recipes]) => group(title, recipes, catalogue, launch))));
    }
  };
  search.addEventListener('input', show);
  const dispose = store.subscribe(['catalogue'], show);
  show();
  return { element, search, dispose };
}

/** @param {string} title @param {import('../lib/types.js').Recipe[]} recipes @param {import('../lib/types.js').Catalogue} catalogue @param {(recipe: string) => Promise<void>} launch */
function group(title, recipes, catalogue, launch) {
  return h('section', { class: 'recipe-group', 'aria-label': title },
    h('h3', { text: title }), h('ul', { class: 'cards' }, ...recipes.map((recipe) => card(recipe, catalogue, launch))));
}

/** @param {import('../lib/types.js').Recipe} recipe @param {import('../lib/types.js').Catalogue} catalogue @param {(recipe: string) => Promise<void>} launch */
function card(recipe, catalogue, launch) {
  const { name, title, look, duration, spec } = recipe;
  const button = h('button', { type: 'button', class: 'primary', text: 'Launch', testid: `launch-${name}`, 'aria-label': `Launch ${title}` });
  button.addEventListener('click', async () => {
    button.disabled = true;
    await launch(name);
    button.disabled = false;
  });
  return h('li', { class: 'panel card-recipe', testid: `recipe-card-${name}` },
    recipePicture(recipe, catalogue),
    h('h4', { text: title }),
    h('p', { class: 'card-look', text: look, title: look }),
    h('p', { class: 'meta card-parts', text: partsOf(spec).join(' · ') }),
    h('p', { class: 'meta', text: `${name} · ${duration}` }),
    h('div', { class: 'row' }, button, h('a', { class: 'button', href: `/launch?recipe=${encodeURIComponent(name)}`, text: 'Customise', testid: `customise-${name}`, 'aria-label': `Customise ${title}` })));
}
