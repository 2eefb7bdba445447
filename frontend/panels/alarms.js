// @ts-check
/** What the guards found, what broke among the monitors, and, when all is quiet, who is watching; and what rules wait for. */

import { PANELS } from '../lib/concepts.js';
import { h, icon, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { lastAct, rulesOf } from '../lib/rules.js';
import { panel, scrolls } from './panel.js';

/** Messages that are drawn, newest first. */
const MOST = 20;

/** What is drawn from; of the run only its state. */
const SHOWN = ['alarms', 'infos', 'knobs', 'ledger'];

/** @type {Record<string, {shape: Parameters<typeof icon>[0], tone: string}>} */
const LEVELS = {
  error: { shape: 'triangle', tone: 'bad' },
  warning: { shape: 'diamond', tone: 'warn' },
  info: { shape: 'ring', tone: 'soft' },
};

/** @param {import('../lib/store.js').Store} store */
export function alarms(store) {
  const { element, aside, body } = panel('Alarms', { class: 'alarms', testid: 'alarms', concept: PANELS.alarms });
  const list = h('ul', { class: 'alarm-list' });
  scrolls(body, 'Alarms');
  body.append(list);
  let shown = '';

  const show = () => {
    const { open } = store.state;
    if (open === null) return;
    const guards = /** @type {any[]} */ (open.run.spec.guards ?? []).map((guard) => guard.as ?? guard.name);
    const found = [...open.alarms.values()];
    const active = found.filter(({ cleared }) => cleared === null);
    const past = found.filter(({ cleared }) => cleared !== null);
    const quiet = guards.filter((name) => !open.alarms.has(name));
    const messages = open.messages.slice(-MOST).reverse();
    list.replaceChildren(
      ...ending(open.run),
      ...active.map((alarm) => line('triangle', 'bad', alarm.guard, `${alarm.message}${since(alarm.step)}`)),
      ...messages.filter(({ level }) => level !== 'info').map(told),
      ...past.map((alarm) => line('diamond', 'warn', alarm.guard, `cleared at ${integer(alarm.cleared ?? 0)}: ${alarm.message}`)),
      ...rulesOf(open.run).map((rule) => ruling(rule, open)),
      ...quiet.map((name) => silent(name, open.guards.get(name), isNamed(name, active) ? NAMED : undefined)),
      ...(guards.length === 0 && found.length === 0 ? [unguarded(open)] : []),
      ...messages.filter(({ level }) => level === 'info').map(told),
    );
    setText(aside, active.length > 0 ? `${active.length} active` : 'none active');
  };
  const showWhenChanged = (/** @type {Set<string>} */ changed) => {
    const { run } = store.state.open ?? {};
    const now = `${run?.id} ${run?.status} ${run?.reason}`;
    if (now === shown && !SHOWN.some((topic) => changed.has(topic))) return;
    shown = now;
    show();
  };
  const dispose = store.subscribe([...SHOWN, 'run'], showWhenChanged);
  show();
  return { element, dispose };
}

/** What is said of a guard that has raised no alarm. */
const QUIET = { watching: 'quiet', calibrating: 'calibrating: no verdict yet' };
/** A guard whose finding another alarm rests on before it has lasted long enough for one of its own. */
const NAMED = { ...QUIET, watching: 'finds something, not yet for long enough to raise an alarm of its own' };

/** @param {string} name @param {{message: string}[]} active */
function isNamed(name, active) {
  return active.some(({ message }) => message.includes(name.replaceAll('_', ' ')));
}

/** Why a run failed or was lost, whole. @param {import('../lib/types.js').Run} run */
function ending({ status, reason, traceback }) {
  if (status !== 'failed' && status !== 'lost') return [];
  const item = line('triangle', 'bad', status === 'failed' ? 'Failed' : 'Lost', reason ?? 'No reason was given.');
  if (traceback) item.append(h('details', { class: 'trace' }, h('summary', { text: 'Traceback' }), h('pre', { class: 'mono', text: traceback })));
  return [item];
}

/** @param {{level: string, message: string, step: number | null}} message */
function told({ level, message, step }) {
  const { shape, tone } = LEVELS[level] ?? LEVELS.info;
  return line(shape, tone, '', `${message}${step === null ? '' : ` (step ${integer(step)})`}`);
}

/** Silence is trust only where somebody watches. @param {import('../lib/store.js').RunState} open */
function unguarded(open) {
  const monitors = /** @type {any[]} */ (open.run.spec.monitors ?? []).length;
  const looks = monitors === 0 ? '' : ` ${monitors} ${monitors === 1 ? 'monitor measures' : 'monitors measure'}; the charts are here to be read.`;
  return line('square', 'soft', 'No guard', `watches this run, so no alarm can be raised.${looks}`);
}

/** @param {Parameters<typeof icon>[0]} shape @param {string} tone @param {string} name @param {string} text */
function line(shape, tone, name, text) {
  return h('li', { class: 'alarm' }, icon(shape, tone), h('span', {}, name === '' ? null : h('strong', { class: tone, text: `${name} ` }), text));
}

/** A rule: what it waits for, or why it does not; its acts stand in the ledger. @param {import('../lib/rules.js').RuleWords} rule @param {import('../lib/store.js').RunState} open */
function ruling({ entry, text }, { guards, ledger }) {
  const watching = [text === '' ? 'watching' : text, lastAct(ledger.values(), entry)].filter(Boolean).join('; ');
  return silent(`rule ${entry}`, guards.get(entry), { watching, calibrating: `${watching} (calibrating)` });
}

/**
 * Why a guard has raised no alarm, or what a rule waits for.
 * @param {string} name
 * @param {{state: string, reason: string} | undefined} said
 * @param {{watching: string, calibrating: string}} [words]
 */
function silent(name, said, { watching, calibrating } = QUIET) {
  if (said?.state === 'off') return line('cross', 'bad', name, `off: ${said.reason}`);
  if (said?.state === 'idle') return line('square', 'soft', name, `not watching: ${said.reason}`);
  if (said?.state === 'calibrating') return line('half', 'soft', name, calibrating);
  return line('ring', 'soft', name, said === undefined ? 'not heard yet' : watching);
}

/** @param {number | null} step */
function since(step) {
  return step === null ? '' : ` since ${integer(step)}`;
}
