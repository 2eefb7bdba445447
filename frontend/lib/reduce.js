// @ts-check
/**
 * What an event does to a run's state. The page shows what comes out of here, never what was clicked.
 *
 * Every function answers the topics that it changed. Applying an event a second time changes nothing: what a
 * snapshot told already is known by its cursor, the rest by its key.
 */

import { compareIds } from './cursor.js';
import { fromWire } from './format.js';
import { applyCommand, applyKnob } from './ledger.js';
import { addLook, dropLater as dropLaterLooks } from './looks.js';
import { addPoint, firstAtLeast, supersede } from './series.js';

/** Log lines that are kept for the alarms panel. */
const MOST_MESSAGES = 50;

/** Spans that are kept of one guard's alarm. */
const MOST_SPANS = 100;

/** States that a run does not leave. */
const ENDED = new Set(['finished', 'stopped', 'failed']);

/**
 * @typedef {import('./store.js').RunState} RunState
 * @typedef {import('./types.js').RunEvent} RunEvent
 */

/** @param {string} status @returns {boolean} */
export function hasEnded(status) {
  return ENDED.has(status);
}

/**
 * A run's state from the api's first answer.
 * @param {import('./types.js').Run} run
 * @returns {RunState}
 */
export function openRun(run) {
  const lastValues = new Map(Object.entries(run.latest).map(([name, value]) => [name, fromWire(value)]));
  return {
    run,
    infos: new Map(),
    scalars: new Map(),
    details: new Map(),
    pictures: new Map(),
    layouts: new Map(),
    clouds: new Map(),
    newestCloud: new Map(),
    looks: new Map(),
    ledger: new Map(),
    checkpoints: new Map(),
    alarms: new Map(),
    guards: new Map(),
    messages: [],
    lastValues,
    stepCursors: new Map(),
  };
}

/**
 * @param {RunState} open
 * @param {RunEvent} event
 * @returns {string[]} topics that changed
 */
export function applyEvent(open, event) {
  const isNews = compareIds(event.id, open.run.cursor) > 0;
  const topics = [];
  if (isNews && event.step !== null && event.step !== undefined && event.step > open.run.step) {
    open.run.step = event.step;
    topics.push('run');
  }
  const [family] = event.kind.split('.');
  const reducer = REDUCERS[event.kind] ?? REDUCERS[family];
  return reducer === undefined ? topics : [...topics, ...reducer(open, event, isNews)];
}

/** @type {Record<string, (open: RunState, event: RunEvent, isNews: boolean) => string[]>} */
const REDUCERS = {
  'run.status': applyStatus,
  scalars: applyScalars,
  grid: applyGrid,
  points: applyPoints,
  spectrum: applyLook,
  eigenvalues: applyLook,
  density: applyLook,
  knob: applyKnob,
  command: applyCommand,
  'checkpoint.written': applyCheckpoint,
  'alarm.raised': applyAlarm,
  'alarm.cleared': applyAlarm,
  'guard.state': applyGuard,
  'monitor.disabled': (open, event) => tell(open, event, 'error', `${event.body.monitor} is off: ${event.body.reason}`),
  'monitor.stretched': (open, event) => tell(open, event, 'info', `${event.body.monitor} now looks every ${event.body.every} steps`),
  log: (open, event) => tell(open, event, event.body.level, event.body.message),
};

/** @param {RunState} open @param {RunEvent} event @param {boolean} isNews */
function applyStatus(open, event, isNews) {
  const { run } = open;
  const { body, attempt, time } = event;
  const topics = ['run'];
  if (body.status === 'lost') topics.push(...tell(open, event, 'warning', `The trainer was lost: ${body.reason ?? 'no reason was given'}`));
  if (body.from_step !== null && body.from_step !== undefined) {
    dropLater(open, event);
    topics.push('series', 'pictures', 'points', 'looks');
  }
  if (!isNews) return topics;
  run.status = body.status;
  run.reason = body.reason ?? null;
  run.traceback = body.traceback ?? null;
  run.attempt = Math.max(run.attempt, attempt);
  run.device = body.device ?? run.device;
  if (body.status === 'running') run.started_at ??= time;
  if (hasEnded(body.status)) run.finished_at = time;
  if (body.from_step !== null && body.from_step !== undefined) run.step = body.from_step;
  if (body.attributes) run.attributes = body.attributes;
  if (body.knobs) run.knobs = body.knobs.map((/** @type {import('./types.js').Knob} */ knob) => announced(run, knob));
  for (const info of body.series ?? []) open.infos.set(info.name, { ...open.infos.get(info.name), ...info });
  return [...topics, 'knobs', 'infos'];
}

/**
 * A knob that the trainer announces at an attempt's start; its default is the value in force.
 * @param {import('./types.js').Run} run
 * @param {import('./types.js').Knob} knob
 */
function announced(run, knob) {
  const before = run.knobs.find(({ name }) => name === knob.name);
  return { ...knob, value: knob.default, applied_step: before?.applied_step ?? null, asked: before?.asked ?? null };
}

/** @param {RunState} open @param {RunEvent} event */
function dropLater(open, { id, attempt, body }) {
  const from = body.from_step;
  for (const buckets of [...open.scalars.values(), ...open.details.values()]) {
    if (compareIds(id, buckets.cursor) > 0) supersede(buckets, from, attempt);
  }
  for (const [series, steps] of [...open.pictures, ...open.clouds]) {
    if (compareIds(id, open.stepCursors.get(series) ?? '0-0') > 0) steps.length = firstAtLeast(steps, from + 1);
  }
  for (const looks of open.looks.values()) {
    if (compareIds(id, looks.cursor) > 0) dropLaterLooks(looks, from);
  }
}

/** @param {RunState} open @param {RunEvent} event @param {boolean} isNews */
function applyScalars(open, { id, attempt, body }, isNews) {
  const topics = ['series'];
  for (const { steps, values } of body.groups) {
    for (const [name, column] of Object.entries(values)) {
      if (isNews) open.lastValues.set(name, fromWire(column[column.length - 1]));
      if (isNews && takeKnob(open, name, steps[steps.length - 1], fromWire(column[column.length - 1]))) topics.push('knobs');
      if (!open.infos.has(name)) open.infos.set(name, { name, kind: 'scalar' });
      for (const buckets of [open.scalars.get(name), open.details.get(name)]) {
        if (buckets === undefined) continue;
        addColumn(buckets, steps, column, attempt, id);
      }
    }
  }
  return topics;
}

/**
 * A knob's value as its series has it: of a change that an attempt repeats, or that a fork begins with, nothing else says it.
 * @param {RunState} open
 * @param {string} series
 * @param {number} step
 * @param {number} value
 * @returns {boolean} whether that is news
 */
function takeKnob({ run }, series, step, value) {
  const knob = series.startsWith('knob.') ? run.knobs.find(({ name }) => `knob.${name}` === series) : undefined;
  // The groups of one event are not in the order of their steps.
  if (knob === undefined || step < (knob.said_step ?? 0)) return false;
  knob.said_step = step;
  const before = knob.value;
  knob.value = knob.kind === 'boolean' ? value !== 0 : value;
  return knob.value !== before;
}

/**
 * Scalars that came while a series was being fetched, or before.
 * @param {import('./series.js').Buckets | undefined} buckets
 * @param {RunEvent[]} events batches of scalars, oldest first
 */
export function replayScalars(buckets, events) {
  if (buckets === undefined) return;
  for (const { id, attempt, body } of events) {
    for (const { steps, values } of body.groups) {
      const column = values[buckets.name];
      if (column !== undefined) addColumn(buckets, steps, column, attempt, id);
    }
  }
}

/**
 * Looks that came while their series was being fetched.
 * @param {RunState} open
 * @param {string} name
 * @param {RunEvent[]} events of the kinds that have looks, oldest first
 */
export function replayLooks(open, name, events) {
  for (const event of events) if (event.body.series === name) applyLook(open, event);
}

/** @param {import('./series.js').Buckets} buckets @param {number[]} steps @param {any[]} column @param {number} attempt @param {string} id */
function addColumn(buckets, steps, column, attempt, id) {
  steps.forEach((step, index) => addPoint(buckets, { step, value: fromWire(column[index]), attempt, id }));
}

/** @param {RunState} open @param {RunEvent} event */
function applyGrid(open, { step, body }) {
  const { series, ...layout } = body;
  open.layouts.set(series, layout);
  if (!open.infos.has(series)) open.infos.set(series, { name: series, kind: 'grid' });
  addStep(open.pictures, series, step);
  return ['pictures'];
}

/** @param {RunState} open @param {RunEvent} event */
function applyPoints(open, { step, body }) {
  const newest = open.newestCloud.get(body.series);
  if (!open.infos.has(body.series)) open.infos.set(body.series, { name: body.series, kind: 'points' });
  addStep(open.clouds, body.series, step);
  if (newest === undefined || Number(step) >= newest.step) {
    open.newestCloud.set(body.series, { step: Number(step), body });
  }
  return ['points'];
}

/** @param {RunState} open @param {RunEvent} event */
function applyLook(open, { id, kind, step, body }) {
  const isNew = !open.infos.has(body.series);
  if (isNew) open.infos.set(body.series, { name: body.series, kind });
  const looks = open.looks.get(body.series);
  const isTaken = looks !== undefined && step !== null && step !== undefined && addLook(looks, { step, body, id });
  return [...(isTaken ? ['looks'] : []), ...(isNew ? ['infos'] : [])];
}

/** @param {Map<string, number[]>} all @param {string} series @param {number | null | undefined} step */
function addStep(all, series, step) {
  if (step === null || step === undefined) return;
  const steps = all.get(series) ?? [];
  const index = firstAtLeast(steps, step);
  if (steps[index] !== step) steps.splice(index, 0, step);
  all.set(series, steps);
}

/** @param {RunState} open @param {RunEvent} event */
function applyCheckpoint(open, { step, attempt, body }) {
  const { name, size_bytes, reason } = body;
  open.checkpoints.set(name, { name, size_bytes, reason, attempt, step: Number(step) });
  for (const removed of body.removed ?? []) open.checkpoints.delete(removed);
  return ['checkpoints'];
}

/** An alarm that is raised again keeps the spans of its earlier ones. @param {RunState} open @param {RunEvent} event */
function applyAlarm(open, { kind, step, body }) {
  const { guard, message } = body;
  const before = open.alarms.get(guard);
  const at = step ?? null;
  if (kind === 'alarm.raised') {
    const earlier = (before?.spans ?? []).filter(({ from }) => from < (at ?? 0)).slice(-MOST_SPANS);
    open.alarms.set(guard, { guard, message, step: at, cleared: null, spans: [...earlier, { from: at ?? 0, to: null, message }] });
  } else if (before !== undefined) {
    const spans = before.spans.map((span) => (span.to === null ? { ...span, to: at } : span));
    open.alarms.set(guard, { ...before, message, cleared: at, spans });
  }
  return ['alarms'];
}

/** @param {RunState} open @param {RunEvent} event */
function applyGuard(open, { body }) {
  open.guards.set(body.guard, { state: body.state, reason: body.reason });
  return ['alarms'];
}

/** @param {RunState} open @param {RunEvent} event @param {string} level @param {string} message */
function tell(open, { id, step }, level, message) {
  const newest = open.messages[open.messages.length - 1];
  if (newest !== undefined && compareIds(id, newest.id) <= 0) return [];
  open.messages.push({ id, level, message, step: step ?? null });
  if (open.messages.length > MOST_MESSAGES) open.messages.shift();
  return ['alarms'];
}
