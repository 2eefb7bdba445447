// @ts-check
/** What a rule of the spec waits for, and what it then does, in few words. Pure. */

import { exact, integer } from './format.js';
import { isDryRun } from './ledger.js';

/** How a series is judged, in words around its threshold. @type {Record<string, (threshold: number) => string>} */
const CROSSINGS = {
  below: (threshold) => `is below ${exact(threshold)}`,
  above: (threshold) => `is above ${exact(threshold)}`,
  drops: (threshold) => `drops by ${percent(threshold)}`,
  rises: (threshold) => `rises by ${percent(threshold)}`,
};

/**
 * @typedef {object} RuleWords
 * @property {string} entry what the ledger and the alarms' panel call it
 * @property {string} text empty for a rule of a kind that this page does not know
 */

/**
 * The rules of a run, with the values in force of those params that are knobs.
 * @param {import('./types.js').Run} run
 * @returns {RuleWords[]}
 */
export function rulesOf({ spec, knobs }) {
  return /** @type {any[]} */ (spec.rules ?? []).map((given) => {
    const entry = given.as ?? given.name;
    const turned = knobs.flatMap(({ name, value }) => (name.startsWith(`${entry}.`) ? [[name.slice(entry.length + 1), value]] : []));
    return { entry, text: ruleWords({ ...given, ...Object.fromEntries(turned) }) };
  });
}

/**
 * `on collapse: pause`, `when loss.d is below 0.1: r1.weight to 1`.
 * @param {Record<string, any>} rule its name and its params
 * @returns {string} empty for a rule of another kind
 */
export function ruleWords(rule) {
  const words = waitsFor(rule);
  return words !== '' && rule.dry_run ? `${words} (dry run)` : words;
}

/**
 * What became of the last thing that a rule asked for: `acted at 330`.
 * @param {Iterable<import('./types.js').LedgerItem>} ledger
 * @param {string} entry
 * @returns {string} empty while it has asked for nothing
 */
export function lastAct(ledger, entry) {
  const asked = [...ledger].filter(({ author, step }) => author === `rule ${entry}` && step !== null && step !== undefined);
  if (asked.length === 0) return '';
  const last = asked.reduce((latest, item) => (Number(item.step) > Number(latest.step) ? item : latest));
  const outcome = isDryRun(last) ? 'would have acted' : last.outcome === 'applied' ? 'acted' : String(last.outcome);
  return `${outcome} at ${integer(Number(last.step))}`;
}

/** @param {Record<string, any>} rule */
function waitsFor(rule) {
  if (rule.name === 'on_alarm') return `on ${rule.alarm}: ${deed(rule)}`;
  if (rule.name === 'on_series' && rule.when in CROSSINGS) return `when ${rule.series} ${CROSSINGS[rule.when](rule.threshold)}: ${deed(rule)}`;
  if (rule.name === 'hold') return `holds ${rule.series} at ${exact(rule.target)} with ${rule.knob}`;
  return '';
}

/** @param {Record<string, any>} rule */
function deed({ do: what, knob, to, over = 1, shape }) {
  if (!knob) return what;
  const way = shape === 'pulse' ? ` for ${integer(over)}` : over > 1 ? ` over ${integer(over)}` : '';
  return `${what === 'set' ? '' : `${what}, `}${knob} to ${exact(to)}${way}`;
}

/** @param {number} share */
function percent(share) {
  return `${exact(Number((share * 100).toPrecision(12)))} %`;
}
