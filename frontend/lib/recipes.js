// @ts-check
/** Recipes under their headings, and which of them speak of what is searched for. Pure. */

/** @typedef {import('./types.js').Recipe} Recipe */

/** Each heading with its recipes, both in the order of the catalogue. @param {Recipe[]} recipes @returns {Map<string, Recipe[]>} */
export function grouped(recipes) {
  /** @type {Map<string, Recipe[]>} */
  const groups = new Map();
  for (const recipe of recipes) {
    const title = recipe.group ?? 'Others';
    groups.set(title, [...(groups.get(title) ?? []), recipe]);
  }
  return groups;
}

/** Whether every word that is asked for begins a word that the recipe says. @param {Recipe} recipe @param {string} asked */
export function matches(recipe, asked) {
  const { name, title, group, look, duration, spec } = recipe;
  const said = words([name, title, group, look, duration, ...partsOf(spec)].join(' '));
  return words(asked).every((word) => said.some((each) => each.startsWith(word)));
}

/** @param {string} text */
function words(text) {
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

/** The names of what a recipe is made of. @param {Record<string, any>} spec @returns {string[]} */
export function partsOf(spec) {
  const size = spec.dataset?.size;
  const dataset = spec.dataset === undefined ? [] : [size === undefined ? spec.dataset.name : `${spec.dataset.name} ${size}`];
  const parts = [spec.network?.name, spec.loss?.name, spec.conditioning?.name, ...(spec.regularisers ?? []).map((/** @type {any} */ each) => each.name)];
  return [...dataset, ...parts.filter((name) => name !== undefined && name !== 'none')];
}
