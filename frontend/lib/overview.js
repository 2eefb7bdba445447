// @ts-check
/** What a table shows of a run besides the run itself: taken from the list's answer, and kept in step by events. Pure. */

import { compareIds } from './cursor.js';
import { fromWire, integer } from './format.js';
import { changeWords } from './ledger.js';
import { addPoint, bucketsFrom } from './series.js';

/** Turned knobs that are kept of a run, as many as the api lists. */
const MOST_TURNED = 12;

/** Series that show what G makes. @type {Record<string, 'grid' | 'points'>} */
const PICTURES = { samples: 'grid', points: 'points' };

/** Alarms that are named before all others. */
const WORST = ['non_finite', 'collapse', 'divergence'];

/**
 * @typedef {import('./types.js').RunEvent} RunEvent
 *
 * @typedef {object} TurnedKnob
 * @property {string} name
 * @property {number | boolean | null} [old]
 * @property {number | boolean | null} [new]
 * @property {number} [over]
 * @property {'linear' | 'cosine' | 'pulse'} [shape]
 * @property {number | null} [step]
 *
 * @typedef {object} Overview
 * @property {import('./types.js').LastPicture | null} picture
 * @property {import('./series.js').Buckets | null} sparkline its key series
 * @property {{guard: string, message: string, step: number | null}[]} alarms those that hold, in the order in which they were raised
 * @property {Record<string, string>} guards what each can say
 * @property {number} n_turned knobs that people turned
 * @property {TurnedKnob[]} turned the newest of them
 * @property {string[]} by_hand requests of people
 * @property {string} root
 * @property {string} root_name
 * @property {string | null} sweep_name
 */

/** @param {Record<string, any>} answer an `Overview` of the api @returns {Overview} */
export function overviewFrom(answer) {
  return { .../** @type {Overview} */ (answer), sparkline: answer.sparkline ? bucketsFrom(answer.sparkline) : null };
}

/**
 * Take in an event that came after the answer; 'reload' when only the api can say what holds now.
 * @param {Overview} overview
 * @param {RunEvent} event
 * @param {string} cursor event id up to which the answer was complete
 * @returns {'same' | 'changed' | 'reload'}
 */
export function applyToOverview(overview, event, cursor) {
  if (compareIds(event.id, cursor) <= 0) return 'same';
  const reducer = REDUCERS[event.kind];
  return reducer === undefined ? 'same' : reducer(overview, event);
}

/** @type {Record<string, (overview: Overview, event: RunEvent) => 'same' | 'changed' | 'reload'>} */
const REDUCERS = {
  'run.status': ({ sparkline }, { attempt, body }) => (isGiven(body.from_step) && (attempt > 1 || sparkline === null) ? 'reload' : 'same'),
  scalars: applyScalars,
  grid: applyPicture,
  points: applyPicture,
  'alarm.raised': (overview, { step, body }) => setAlarms(overview, body.guard, [{ guard: body.guard, message: body.message, step: step ?? null }]),
  'alarm.cleared': (overview, { body }) => setAlarms(overview, body.guard, []),
  'guard.state': ({ guards }, { body }) => {
    guards[body.guard] = body.state;
    return 'changed';
  },
  'knob.asked': ({ by_hand: asked }, { body }) => {
    if (isByHand(body.author)) asked.push(body.request_id);
    return 'same';
  },
  'knob.applied': applyKnobs,
};

/** @param {Overview} overview @param {RunEvent} event */
function applyScalars({ sparkline }, { id, attempt, body }) {
  if (sparkline === null) return 'same';
  let isNew = false;
  for (const { steps, values } of body.groups) {
    const column = values[sparkline.name] ?? [];
    column.forEach((/** @type {any} */ value, /** @type {number} */ index) => {
      isNew = addPoint(sparkline, { step: steps[index], value: fromWire(value), attempt, id }) || isNew;
    });
  }
  return isNew ? 'changed' : 'same';
}

/** The grid where there is one, else the points. @param {Overview} overview @param {RunEvent} event */
function applyPicture(overview, { step, body }) {
  const kind = PICTURES[body.series];
  if (kind === undefined || (kind === 'points' && overview.picture?.kind === 'grid')) return 'same';
  overview.picture = { series: body.series, kind, step: step ?? 0, body: kind === 'points' ? body : undefined };
  return 'changed';
}

/** @param {Overview} overview @param {string} guard @param {Overview['alarms']} now */
function setAlarms(overview, guard, now) {
  overview.alarms = [...overview.alarms.filter((alarm) => alarm.guard !== guard), ...now];
  return /** @type {const} */ ('changed');
}

/** @param {Overview} overview @param {RunEvent} event */
function applyKnobs(overview, { step, body }) {
  if (!overview.by_hand.includes(body.request_id)) return 'same';
  const turned = body.knobs.map((/** @type {any} */ { name, old, value, over, shape }) => ({ name, old, new: value, over, shape, step: step ?? null }));
  overview.n_turned += turned.length;
  overview.turned = [...overview.turned, ...turned].slice(-MOST_TURNED);
  return 'changed';
}

/** Whether a person asked, rather than the spec's plan or one of its rules; as the api has it. @param {string} author */
export function isByHand(author) {
  return author !== 'plan' && !author.startsWith('rule ');
}

/**
 * What can be said of a run's guards in a table's cell: nothing where they watch and are quiet, and nothing good of one
 * that does not watch.
 * @param {Overview} overview
 * @param {import('./types.js').Run} run
 * @returns {{tone: 'bad' | 'soft', text: string, title: string}}
 */
export function guardWords({ alarms, guards }, { spec }) {
  const worst = WORST.map((name) => alarms.find(({ guard }) => guard === name)).find((alarm) => alarm !== undefined) ?? alarms[0];
  const silent = Object.keys(guards).filter((name) => guards[name] === 'off');
  const off = silent.map((name) => `${name} failed and is off: nothing is known of what it watched for`);
  if (worst !== undefined) {
    const lines = alarms.map(({ guard, step, message }) => `${guard}${step === null ? '' : ` since step ${integer(step)}`}: ${message}`);
    return { tone: 'bad', text: `${worst.guard.replaceAll('_', ' ')}${alarms.length > 1 ? ` +${alarms.length - 1}` : ''}`, title: [...lines, ...off].join('\n') };
  }
  if (off.length > 0) return { tone: 'soft', text: `${off.length} off`, title: off.join('\n') };
  if ((spec.guards ?? []).length === 0) return { tone: 'soft', text: '–', title: 'No guard watches this run.' };
  const watching = Object.values(guards).filter((state) => state === 'watching').length;
  return { tone: 'soft', text: '', title: watching === 0 ? 'No guard has given a verdict yet.' : `${watching} of ${spec.guards.length} guards watch; no alarm holds.` };
}

/** The turned knobs, one a line, each with its step. @param {Overview} overview */
export function turnedWords({ n_turned: count, turned }) {
  const lines = turned.map(({ name, step, ...change }) => `${name} ${changeWords(/** @type {any} */ (change))}${isGiven(step) ? ` @${integer(Number(step))}` : ''}`);
  const older = count - turned.length;
  return [...(older > 0 ? [`${older} earlier …`] : []), ...lines].join('\n');
}

/** @param {unknown} value */
function isGiven(value) {
  return value !== null && value !== undefined;
}
