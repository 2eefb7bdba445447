// @ts-check
/** What differs between runs, as rows of a table: params of their specs, knobs that were turned, and last measurements. Pure. */

import { entries } from './entries.js';
import { fromWire } from './format.js';
import { changeWords } from './ledger.js';
import { newest, valueAt } from './series.js';
import { metricsOf, valueText } from './sweep.js';

/** Families that one spec has one component of: what it is, is said under the part's name. */
const SINGLE = new Set(['dataset', 'network', 'conditioning', 'loss', 'averaging']);
/** Parts of a spec that hold components, which `entries` tells. */
const OF_COMPONENTS = new Set([...SINGLE, 'optimisers', 'regularisers', 'monitors', 'guards', 'rules']);
/** What stands where a run has no such param. */
export const NONE = '–';

/**
 * @typedef {import('./store.js').RunState} RunState
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string[]} texts one a run
 * @property {boolean} isSame
 *
 * @typedef {object} Measurement
 * @property {string} name
 * @property {string} label
 * @property {{value: number | null, error: number | null, step: number | null, isBest: boolean}[]} cells one a run
 */

/**
 * Every param of a spec under the name that its knob has or would have.
 * @param {Record<string, any>} spec
 * @returns {Map<string, string>}
 */
export function paramsOf(spec) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const { where, given } of entries(spec)) {
    const { name, as = null, ...params } = given;
    const [part, player] = where.split('.');
    const entry = part === 'optimisers' ? `optimiser.${player.toLowerCase()}` : (as ?? name);
    found.set(SINGLE.has(part) ? part : entry, String(name));
    for (const [param, value] of Object.entries(params)) found.set(`${entry}.${param}`, valueText(value));
  }
  for (const [part, value] of Object.entries(spec)) {
    if (OF_COMPONENTS.has(part)) continue;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) found.set(part, valueText(value));
    else for (const [param, inner] of Object.entries(value)) found.set(`${part}.${param}`, valueText(inner));
  }
  return found;
}

/**
 * A row for each param that one of the specs has.
 * @param {Record<string, any>[]} specs
 * @returns {Row[]}
 */
export function specRows(specs) {
  const all = specs.map(paramsOf);
  const names = [...new Set(all.flatMap((params) => [...params.keys()]))];
  return names.map((name) => {
    const texts = all.map((params) => params.get(name) ?? NONE);
    return { name, texts, isSame: new Set(texts).size === 1 };
  });
}

/**
 * A row for each knob that was turned in one of the runs: how, when, and by whom unless by a person.
 * @param {RunState[]} opens
 * @returns {Row[]}
 */
export function turnedRows(opens) {
  const turned = opens.map(({ ledger }) => [...ledger.values()].filter(({ kind, outcome }) => kind === 'knob' && outcome === 'applied'));
  const names = [...new Set(turned.flatMap((items) => items.map(({ name }) => name)))];
  return names.map((name) => ({
    name,
    isSame: false,
    texts: turned.map((items) => items.filter((item) => item.name === name).map(told).join(', ') || NONE),
  }));
}

/** @param {import('./types.js').LedgerItem} item */
function told(item) {
  const by = /^(rule|guard|plan)\b/.test(item.author) ? ` (${item.author})` : '';
  return `${changeWords(item)} @${item.step ?? '?'}${by}`;
}

/**
 * Last measurements, or those in force at each run's step.
 * @param {RunState[]} opens
 * @param {string[]} shown series that have a chart: they come first
 * @param {(number | null)[] | null} steps of each run, null where it had not begun; null: the last ones
 * @returns {Measurement[]}
 */
export function measurements(opens, shown, steps) {
  const known = new Set(opens.flatMap(({ lastValues }) => [...lastValues.keys()]));
  const usual = metricsOf(known);
  const rows = [...shown.filter((name) => known.has(name)).map((name) => ({ name, label: name })), ...usual.filter(({ name }) => !shown.includes(name)).map(({ name }) => ({ name, label: name }))];
  return rows.map(({ name, label }) => {
    const cells = opens.map((open, index) => cell(open, name, steps === null ? null : { step: steps[index] }));
    const best = bestOf(cells.map(({ value }) => value), opens.map(({ infos }) => infos.get(name)?.high_is ?? 'neither').find((word) => word !== 'neither') ?? 'neither');
    return { name, label, cells: cells.map((each) => ({ ...each, isBest: best !== null && each.value === best })) };
  });
}

/** Series that the table at a cursor needs. @param {RunState[]} opens @param {string[]} shown */
export function measuredNames(opens, shown) {
  return measurements(opens, shown, null).flatMap(({ name }) => [name, `${name}.error`]);
}

/** @param {RunState} open @param {string} name @param {{step: number | null} | null} at */
function cell({ scalars, lastValues, infos }, name, at) {
  if (at === null) {
    const step = newest(scalars.get(name))?.step ?? infos.get(name)?.last_step ?? null;
    return { value: lastValues.get(name) ?? null, error: lastValues.get(`${name}.error`) ?? null, step };
  }
  const found = at.step === null ? null : valueAt(scalars.get(name), at.step);
  const error = found === null ? null : (valueAt(scalars.get(`${name}.error`), found.step)?.value ?? null);
  return { value: found === null ? null : fromWire(found.value), error, step: found?.step ?? null };
}

/**
 * The best of several values; null where it is not said which is better, or none is better than all others.
 * @param {(number | null)[]} values
 * @param {string} high good or bad, else nothing can be the best
 */
export function bestOf(values, high) {
  const finite = values.flatMap((value) => (value !== null && Number.isFinite(value) ? [value] : []));
  if (finite.length < 2 || new Set(finite).size === 1) return null;
  if (high === 'good') return Math.max(...finite);
  return high === 'bad' ? Math.min(...finite) : null;
}
