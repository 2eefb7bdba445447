// @ts-check
/** Which components can be chosen, what is wrong with a spec, and what is done about it; the api has the last word. Pure. */

import { entries, find, LISTS, SINGLE } from './entries.js';
import { mismatches } from './needs.js';

/**
 * @typedef {import('./types.js').Catalogue} Catalogue
 * @typedef {import('./types.js').Component} Component
 * @typedef {Record<string, any>} Spec
 */

/**
 * The members of a family, each with the reason why it cannot be chosen in this spec, or null.
 * @param {Catalogue} catalogue
 * @param {string} family
 * @param {Spec} spec
 * @returns {{component: Component, reason: string | null}[]}
 */
export function choices(catalogue, family, spec) {
  return catalogue.components
    .filter((component) => component.family === family)
    .map((component) => ({ component, reason: mismatches(component, defaults(component), spec, catalogue)[0] ?? null }));
}

/**
 * Everything in a spec that cannot work together.
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {import('./types.js').SpecError[]}
 */
export function problems(spec, catalogue) {
  return [...entries(spec).flatMap(({ where, family, given }) => {
    const component = find(catalogue, family, given.name);
    if (component === undefined) return [{ where, message: `the workers have no ${given.name}` }];
    return mismatches(component, given, spec, catalogue).map((message) => ({ where, message: `${given.name} ${message}` }));
  }), ...doubles(spec)];
}

/** One entry name used twice. @param {Spec} spec */
function doubles(spec) {
  const seen = new Set();
  const found = [];
  for (const { where, given } of entries(spec).filter((entry) => entry.family !== 'optimisers')) {
    const name = given.as ?? given.name;
    if (seen.has(name) && name !== 'none') found.push({ where, message: `“${name}” is used twice: give one of them a name of its own` });
    seen.add(name);
  }
  return found;
}

/**
 * The spec with what no longer fits replaced by the first that does, or left out; and what was done, in words.
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {{spec: Spec, notices: string[]}}
 */
export function settle(spec, catalogue) {
  const settled = structuredClone(spec);
  /** @type {string[]} */
  const notices = [];
  for (const [part, family] of Object.entries(SINGLE)) {
    const reason = unfit(settled[part], family, settled, catalogue);
    if (reason === null) continue;
    const fits = choices(catalogue, family, settled).filter((choice) => choice.reason === null);
    const next = fits.find(({ component }) => component.name === 'none') ?? fits[0];
    if (next === undefined) continue;
    notices.push(`${part} is now ${next.component.name}: ${settled[part].name} ${reason}`);
    settled[part] = { name: next.component.name, ...defaults(next.component) };
  }
  for (const family of LISTS) {
    const before = settled[family] ?? [];
    const kept = before.filter((/** @type {any} */ given) => {
      const reason = unfit(given, family, settled, catalogue);
      if (reason !== null) notices.push(`${given.as ?? given.name} is left out: it ${reason}`);
      return reason === null;
    });
    if (settled[family] !== null && settled[family] !== undefined) settled[family] = kept;
  }
  return { spec: settled, notices };
}

/**
 * Value of every param that has one.
 * @param {Component} component
 * @returns {Record<string, any>}
 */
export function defaults(component) {
  const properties = Object.entries(component.params.properties ?? {});
  return Object.fromEntries(properties.filter(([, property]) => 'default' in property).map(([param, property]) => [param, structuredClone(property.default)]));
}

/** @param {any} given @param {string} family @param {Spec} spec @param {Catalogue} catalogue */
function unfit(given, family, spec, catalogue) {
  const component = given === undefined || given === null ? undefined : find(catalogue, family, given.name);
  return component === undefined ? null : (mismatches(component, given, spec, catalogue)[0] ?? null);
}
