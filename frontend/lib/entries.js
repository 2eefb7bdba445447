// @ts-check
/** The components of a spec, and where it has them. Pure. */

/**
 * @typedef {import('./types.js').Catalogue} Catalogue
 * @typedef {Record<string, any>} Spec
 *
 * @typedef {object} Entry a component where a spec has it
 * @property {string} where path into the spec: `network`, `optimisers.G`, `regularisers.0`
 * @property {string} family
 * @property {Record<string, any>} given its name and params
 */

/** Part of the spec → its family, where there is one component. */
export const SINGLE = /** @type {const} */ ({
  dataset: 'datasets', network: 'networks', conditioning: 'conditioning', loss: 'losses', averaging: 'averaging',
});
export const LISTS = /** @type {const} */ (['regularisers', 'monitors', 'guards', 'rules']);

/** @param {Catalogue} catalogue @param {string} family @param {string} name */
export function find(catalogue, family, name) {
  return catalogue.components.find((component) => component.family === family && component.name === name);
}

/** @param {Spec} spec @returns {Entry[]} */
export function entries(spec) {
  return [
    ...Object.entries(SINGLE).map(([part, family]) => ({ where: part, family, given: spec[part] })),
    ...Object.keys(spec.optimisers ?? {}).map((player) => ({ where: `optimisers.${player}`, family: 'optimisers', given: spec.optimisers[player] })),
    ...LISTS.flatMap((family) => (spec[family] ?? []).map((/** @type {any} */ given, /** @type {number} */ index) => ({ where: `${family}.${index}`, family, given }))),
  ].filter(({ given }) => given !== undefined && given !== null);
}
