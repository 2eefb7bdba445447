// @ts-check
/** What the components of a spec give and need of one another, in the words of `contract/needs.py`. Pure. */

import { entries, find } from './entries.js';

/**
 * @typedef {import('./types.js').Catalogue} Catalogue
 * @typedef {import('./types.js').Component} Component
 * @typedef {Record<string, any>} Spec
 */

/** Facts that no component gives: where the spec has them. */
const OF_THE_SPEC = /** @type {Record<string, string>} */ ({ updates: 'game.updates', batch: 'batch' });
const ONE = /** @type {Record<string, string>} */ ({
  datasets: 'dataset', networks: 'network', conditioning: 'conditioning', losses: 'loss', regularisers: 'regulariser',
  optimisers: 'optimiser', averaging: 'averaging', monitors: 'monitor', guards: 'guard',
});

/**
 * What a spec's components provide, with what it says of the game: `{sample: "image", size: 16, batch: 64}`.
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {Record<string, any>}
 */
export function facts(spec, catalogue) {
  /** @type {Record<string, any>} */
  const known = { updates: spec.game?.updates ?? null, batch: spec.batch ?? null };
  for (const { family, given } of entries(spec)) Object.assign(known, provided(find(catalogue, family, given.name), given));
  return known;
}

/**
 * Each need of a component that a spec does not meet, in words that follow its name. A need is a value, a list of
 * allowed values, where null means none, true for any but none, "$param" for that param's value, or
 * {multiple_of: "$param"}.
 * @param {Component} component
 * @param {Record<string, any>} params
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {string[]}
 */
export function mismatches(component, params, spec, catalogue) {
  const known = facts(spec, catalogue);
  return Object.entries(component.needs).flatMap(([fact, need]) => {
    const got = known[fact] ?? null;
    if (need !== null && typeof need === 'object' && 'multiple_of' in need) {
      const divisor = params[need.multiple_of.slice(1)];
      // What is no count at all is for the param's own schema to refuse.
      const isLeft = typeof divisor === 'number' && divisor >= 1 && typeof got === 'number' && got % divisor !== 0;
      return isLeft ? [`needs a ${fact} that is a multiple of ${divisor}; this spec has ${got}`] : [];
    }
    const wanted = valueOf(need, params);
    return wanted === null || meets(got, wanted) ? [] : [reason(fact, wanted, got, spec, catalogue)];
  });
}

/** Who could give the fact, and who is there instead; or who gives what must not be. */
function reason(/** @type {string} */ fact, /** @type {any} */ wanted, /** @type {any} */ got, /** @type {Spec} */ spec, /** @type {Catalogue} */ catalogue) {
  const allowed = [wanted].flat();
  if (fact in OF_THE_SPEC) return `needs ${OF_THE_SPEC[fact]} = ${either(allowed)}; this spec has ${got}`;
  const present = entries(spec);
  if (allowed.includes(null)) {
    const culprits = present.filter(({ family, given }) => fact in provided(find(catalogue, family, given.name), given));
    return `does not go with ${either(culprits.map(({ given }) => given.as ?? given.name))} (${said(fact, got)})`;
  }
  const givers = catalogue.components.filter((each) => mayGive(each, fact, wanted));
  const families = [...new Set(givers.map(({ family }) => family))];
  const names = either(givers.map((each) => asGiver(each, fact, wanted))) || 'nobody has it';
  const here = present.filter(({ family }) => families.includes(family))
    .map(({ given }) => (got === null || got === false ? given.name : `${given.name} with ${said(fact, got)}`));
  return `needs a ${either(families.map((family) => ONE[family])) || 'component'} with ${said(fact, wanted === true || either(allowed))}: ${names}; this spec has ${either(here) || 'none'}`;
}

/** @param {string} fact @param {any} value */
function said(fact, value) {
  const words = fact.replaceAll('_', ' ');
  return value === true ? words : `${words} = ${value}`;
}

/** The facts that a component provides as the spec has it. @param {Component | undefined} component @param {Record<string, any>} given */
function provided(component, given) {
  return Object.fromEntries(Object.entries(component?.provides ?? {}).map(([fact, value]) => [fact, valueOf(value, given)]));
}

/** What is meant: "$param" is that param's value. @param {any} value @param {Record<string, any>} params */
function valueOf(value, params) {
  return isParam(value) ? (params[value.slice(1)] ?? null) : value;
}

/** @param {any} got @param {any} wanted */
function meets(got, wanted) {
  return wanted === true ? got !== null && got !== false : [wanted].flat().includes(got);
}

/** @param {Component} component @param {string} fact @param {any} wanted */
function mayGive(component, fact, wanted) {
  const given = component.provides[fact] ?? null;
  return isParam(given) || (given !== null && meets(given, wanted));
}

/** Its name, with the param that decides. @param {Component} component @param {string} fact @param {any} wanted */
function asGiver(component, fact, wanted) {
  const given = component.provides[fact];
  return wanted === true && isParam(given) ? `${component.name} with ${given.slice(1)}` : component.name;
}

/** @param {any} value @returns {value is string} */
function isParam(value) {
  return typeof value === 'string' && value.startsWith('$');
}

/** @param {any[]} items */
function either(items) {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items[items.length - 1]}`;
}
