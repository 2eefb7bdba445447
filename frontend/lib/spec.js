// @ts-check
/** A spec while it is being written: defaults filled in, compared with its recipe, its errors found their place. Pure. */

import { entries, find, LISTS, SINGLE } from './entries.js';
import { choices, defaults } from './legal.js';
import { facts } from './needs.js';

/**
 * @typedef {import('./types.js').Catalogue} Catalogue
 * @typedef {Record<string, any>} Spec
 */

/** What a run has where its spec is silent (`contract/spec.py`). */
const REST = {
  game: { updates: 'alternating', d_steps: 1, freeze_d: false, freeze_g: false }, steps: 5000, batch: 64, seed: 0, device: 'auto',
};

/** The order in which a spec is read. */
const ORDER = {
  dataset: undefined, network: undefined, conditioning: undefined, loss: undefined, regularisers: [], optimisers: undefined,
  averaging: undefined, game: undefined, watching: undefined, monitors: null, guards: null, rules: [], plan: [],
};

/** Samples whose steps take about 2 ms, of which any look takes a larger share (`contract/resolve.py`). */
const SMALL = new Set(['points', 'scalar']);

/** What the form knows of the parts that are no component: `contract/spec.py` in JSON schema. */
export const GAME_SCHEMA = {
  properties: {
    updates: {
      enum: ['alternating', 'simultaneous'], default: 'alternating',
      description: 'Alternating: G answers the D that has just been updated. Simultaneous: both gradients at the same point.',
    },
    d_steps: { type: 'integer', minimum: 1, maximum: 100, default: 1, knob: { scale: 'linear', unit: '' }, description: 'D steps to each G step.' },
    freeze_d: { type: 'boolean', default: false, knob: { scale: 'linear', unit: '', folded: true }, description: 'D is not updated: its losses and gradients are computed as ever, its weights stay.' },
    freeze_g: { type: 'boolean', default: false, knob: { scale: 'linear', unit: '', folded: true }, description: 'G is not updated: its losses and gradients are computed as ever, its weights stay.' },
  },
};
export const WATCHING_SCHEMA = {
  properties: {
    budget: {
      type: 'number', minimum: 0.001, maximum: 10, default: 0.1, knob: { scale: 'log', unit: '' },
      description: 'Share of the time of training that all watching may take: a monitor that would take more looks less often.',
    },
  },
};
export const RUN_SCHEMA = {
  properties: {
    steps: { type: 'integer', minimum: 1, maximum: 1e9, default: 5000, description: 'G steps to train.' },
    batch: { type: 'integer', minimum: 1, maximum: 65536, default: 64, description: 'Samples a player sees in one step.' },
    seed: { type: 'integer', minimum: 0, default: 0, description: 'Same spec, seed, machine and threads: the same numbers.' },
    device: { type: 'string', enum: ['auto', 'cpu', 'cuda'], default: 'auto', description: 'auto takes a GPU where the slot has one.' },
  },
};

/**
 * The spec with every default written out, as the api will freeze it. `null` for monitors or guards stays: it means all that suit.
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 * @returns {Spec}
 */
export function filled(spec, catalogue) {
  /** @type {Spec} */
  const full = structuredClone({ ...ORDER, ...REST, ...spec, game: { ...REST.game, ...spec.game } });
  for (const [part, family] of Object.entries(SINGLE)) full[part] ??= { name: firstName(catalogue, family, full) };
  full.optimisers = { G: { name: 'adam' }, D: { name: 'adam' }, ...full.optimisers };
  for (const { family, given } of entries(full)) {
    const component = find(catalogue, family, given.name);
    for (const [param, value] of Object.entries(component === undefined ? {} : defaults(component))) {
      if (!(param in given)) given[param] = value;
    }
  }
  full.watching = { budget: SMALL.has(facts(full, catalogue).sample) ? 0.2 : 0.1, ...spec.watching };
  return full;
}

/**
 * The monitors, or the guards, that a run has when its spec names none.
 * @param {'monitors' | 'guards'} family
 * @param {Spec} spec
 * @param {Catalogue} catalogue
 */
export function suiting(family, spec, catalogue) {
  return choices(catalogue, family, spec)
    .filter(({ component, reason }) => component.default === true && reason === null)
    .map(({ component }) => ({ name: component.name, ...defaults(component) }));
}

/**
 * What must be merged into a base to get the spec: objects key by key, everything else whole (`contract.resolve.merge`).
 * @param {Spec} base
 * @param {Spec} spec
 * @returns {Spec}
 */
export function difference(base, spec) {
  /** @type {Spec} */
  const found = {};
  for (const [key, value] of Object.entries(spec)) {
    if (JSON.stringify(value) === JSON.stringify(base[key])) continue;
    const isSame = isPlain(base[key]) && isPlain(value) && base[key].name === value.name;
    found[key] = isSame ? difference(base[key], value) : value;
  }
  return found;
}

/**
 * The place in the form that an error speaks of: the api names a field by its path, or a component by its family and
 * entry. An error that has no place stays as it is.
 * @param {string} where
 * @param {Spec} spec
 * @returns {string}
 */
export function locate(where, spec) {
  const [first, ...rest] = where.split('.');
  const single = Object.entries(SINGLE).find(([part, family]) => family === first && part !== first)?.[0];
  if (single !== undefined) return [single, ...rest.slice(1)].join('.');
  if (first === 'optimisers' && rest[0] === 'optimiser') return ['optimisers', (rest[1] ?? '').toUpperCase(), ...rest.slice(2)].join('.');
  if (LISTS.some((family) => family === first) && rest.length > 0 && !/^\d+$/.test(rest[0])) {
    const index = (spec[first] ?? []).findLastIndex((/** @type {any} */ given) => (given.as ?? given.name) === rest[0]);
    if (index >= 0) return [first, index, ...rest.slice(1)].join('.');
  }
  if ((first === 'conditioning' || first === 'averaging') && rest[0] === spec[first]?.name) return [first, ...rest.slice(1)].join('.');
  return where;
}

/** @param {Catalogue} catalogue @param {string} family @param {Spec} spec */
function firstName(catalogue, family, spec) {
  const fits = choices(catalogue, family, spec).filter(({ reason }) => reason === null).map(({ component }) => component.name);
  return fits.includes('none') ? 'none' : (fits[0] ?? 'none');
}

/** @param {unknown} value */
function isPlain(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
