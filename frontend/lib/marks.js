// @ts-check
/** What is marked on every chart and on the rail: changes of knobs, where a fork began, and alarms. */

import { integer } from './format.js';
import { changeWords } from './ledger.js';

/**
 * @typedef {object} Mark
 * @property {string} key
 * @property {number} step
 * @property {string} text
 * @property {boolean} [isAlarm]
 */

/** Applied knob changes, and where a fork began, as marks. @param {import('./store.js').RunState | null} open @returns {Mark[]} */
export function changeMarks(open) {
  const { parent, parent_step: step } = open?.run ?? {};
  const marks = parent ? [{ key: 'fork', step: step ?? 0, text: `forked from ${parent} at step ${integer(step ?? 0)}` }] : [];
  for (const [key, item] of open?.ledger ?? []) {
    if (item.kind !== 'knob' || item.outcome !== 'applied' || item.step === null || item.step === undefined) continue;
    marks.push({ key, step: item.step, text: `${item.name} ${changeWords(item)} at step ${integer(item.step)}` });
  }
  return marks;
}

/** Where alarms were raised, as marks. @param {import('./store.js').RunState | null} open @returns {Mark[]} */
export function alarmMarks(open) {
  return [...(open?.alarms.values() ?? [])].flatMap(({ guard, spans }) => spans.map(({ from, message }) => (
    { key: `alarm ${guard} ${from}`, step: from, text: `${guard} at step ${integer(from)}: ${message}`, isAlarm: true })));
}
