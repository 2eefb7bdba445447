// @ts-check
/**
 * Which components go together: what the components of a spec provide, against what each of them needs. The same
 * rules as in `contract/resolve.py`; the api has the last word. Pure.
 */

/**
 * @typedef {import('./types.js').Catalogue} Catalogue
 * @typedef {import('./types.js').Component} Component
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
export const LISTS = /** @type {const} */ (['regularisers', 'monitors', 'guards']);

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

/**
 * What a spec's components provide, with what it says of the game: `{sample: "image", size: 16, batch: 64}`.
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {Record<string, any>}
 */
export function facts(spec, catalogue) {
  /** @type {Record<string, any>} */
  const known = { updates: spec.game?.updates ?? null, batch: spec.batch ?? null };
  for (const { family, given } of entries(spec)) {
    for (const [fact, value] of Object.entries(find(catalogue, family, given.name)?.provides ?? {})) {
      known[fact] = typeof value === 'string' && value.startsWith('$') ? (given[value.slice(1)] ?? null) : value;
    }
  }
  return known;
}

/**
 * Each need of a component that the facts do not meet, in words. A need is a value, a list of allowed values, where
 * null means none, true for any but none, "$param" for that param's value, or {multiple_of: "$param"}.
 * @param {Component} component
 * @param {Record<string, any>} params
 * @param {Record<string, any>} known
 * @returns {string[]}
 */
export function mismatches(component, params, known) {
  const found = [];
  for (const [fact, need] of Object.entries(component.needs)) {
    const got = known[fact] ?? null;
    if (need !== null && typeof need === 'object' && 'multiple_of' in need) {
      const divisor = params[need.multiple_of.slice(1)];
      // What is no count at all is for the param's own schema to refuse.
      if (typeof divisor === 'number' && divisor >= 1 && typeof got === 'number' && got % divisor !== 0) found.push(`needs a ${fact} that is a multiple of ${divisor}, here it is ${got}`);
      continue;
    }
    const isParam = typeof need === 'string' && need.startsWith('$');
    const wanted = isParam ? (params[need.slice(1)] ?? null) : need;
    if (wanted === null) continue;
    const allowed = Array.isArray(wanted) ? wanted : [wanted];
    const isMet = wanted === true ? got !== null && got !== false : allowed.includes(got);
    if (!isMet) found.push(`needs ${fact}${wanted === true ? '' : ` = ${allowed.map(inWords).join(' or ')}`}, here it is ${inWords(got)}`);
  }
  return found;
}

/** @param {any} fact */
const inWords = (fact) => (fact === null || fact === false ? 'none' : String(fact));

/**
 * The members of a family, each with the reason why it cannot be chosen in this spec, or null.
 * @param {Catalogue} catalogue
 * @param {string} family
 * @param {Spec} spec
 * @returns {{component: Component, reason: string | null}[]}
 */
export function choices(catalogue, family, spec) {
  const known = facts(spec, catalogue);
  return catalogue.components
    .filter((component) => component.family === family)
    .map((component) => ({ component, reason: mismatches(component, defaults(component), known)[0] ?? null }));
}

/**
 * Everything in a spec that cannot work together.
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {import('./types.js').SpecError[]}
 */
export function problems(spec, catalogue) {
  const known = facts(spec, catalogue);
  return [...entries(spec).flatMap(({ where, family, given }) => {
    const component = find(catalogue, family, given.name);
    if (component === undefined) return [{ where, message: `the workers have no ${given.name}` }];
    return mismatches(component, given, known).map((message) => ({ where, message: `${given.name} ${message}` }));
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
  return component === undefined ? null : (mismatches(component, given, facts(spec, catalogue))[0] ?? null);
}
