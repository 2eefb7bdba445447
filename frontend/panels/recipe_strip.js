// @ts-check
/** The recipes as small pictures, to begin a new run from one of them. */

import { h } from '../lib/dom.js';
import { recipePicture } from './recipe_picture.js';

/** @param {import('../lib/types.js').Catalogue} catalogue */
export function recipeStrip(catalogue) {
  return h('details', { class: 'more recipe-strip', testid: 'recipe-strip', open: true }, h('summary', { text: 'Start from a recipe' }),
    h('ul', { class: 'tiles' }, ...catalogue.recipes.map((recipe) => tile(recipe, catalogue))));
}

/** @param {import('../lib/types.js').Recipe} recipe @param {import('../lib/types.js').Catalogue} catalogue */
function tile(recipe, catalogue) {
  const { name, title, look } = recipe;
  return h('li', {}, h('a', { class: 'tile', href: `/launch?recipe=${encodeURIComponent(name)}`, title: look, testid: `tile-${name}` },
    recipePicture(recipe, catalogue), h('span', { class: 'tile-title', text: title })));
}
