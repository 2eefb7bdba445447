// What events do to a run's state: the page shows this and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { applyEvent, hasEnded, openRun, replayScalars } from '../../frontend/lib/reduce.js';
import { emptyBuckets } from '../../frontend/lib/series.js';

const KNOB = { name: 'auxiliary.weight', kind: 'number', default: 1, scale: 'log', value: 1, applied_step: null, asked: null };

function run(more = {}) {
  return openRun({
    id: 'r', name: 'r', status: 'running', reason: null, spec: {}, step: 10, steps: 100, attempt: 1, knobs: [{ ...KNOB }], attributes: {},
    created_at: 0, latest: { 'loss.d': 'NaN' }, cursor: '100-0', ...more,
  });
}

let count = 0;
function event(kind, body, more = {}) {
  count += 1;
  return { id: `200-${count}`, run: 'r', attempt: 1, source: 'trainer', step: null, time: 50, kind, body, ...more };
}

const asked = (request, value = 2) => event('knob.asked', { request_id: request, author: 'ann', reason: 'why not', knobs: [{ name: KNOB.name, value, old: 1 }] }, { source: 'api' });
const outcome = (kind, request, value = 2, more = {}) =>
  event(`knob.${kind}`, { request_id: request, knobs: [{ name: KNOB.name, value, old: 1 }], latency_ms: 12, ...more }, { step: 20 });

test('a knob that was asked for keeps its value in force until it is applied', () => {
  const open = run();
  assert.deepEqual(applyEvent(open, asked('a')), ['knobs', 'ledger']);
  assert.deepEqual([open.run.knobs[0].value, open.run.knobs[0].asked], [1, 2]);
  applyEvent(open, outcome('applied', 'a'));
  assert.deepEqual([open.run.knobs[0].value, open.run.knobs[0].asked, open.run.knobs[0].applied_step], [2, null, 20]);
  const [item] = open.ledger.values();
  assert.deepEqual([item.author, item.reason, item.outcome, item.step, item.latency_ms, item.old, item.new], ['ann', 'why not', 'applied', 20, 12, 1, 2]);
});

test('a refused, superseded or lost request leaves the value alone', () => {
  for (const kind of ['refused', 'superseded', 'lost']) {
    const open = run();
    applyEvent(open, asked('a'));
    applyEvent(open, outcome(kind, 'a', 2, { reason: 'no' }));
    assert.deepEqual([open.run.knobs[0].value, open.run.knobs[0].asked], [1, null], kind);
    assert.deepEqual([...open.ledger.values()].map((item) => [item.outcome, item.outcome_reason]), [[kind, 'no']]);
  }
});

test('events that the snapshot knew change neither knobs nor state, and double nothing in the ledger', () => {
  const open = run({ cursor: '900-0', knobs: [{ ...KNOB, value: 5, applied_step: 60 }], status: 'paused' });
  const before = structuredClone(open.run);
  const old = [asked('a'), outcome('applied', 'a'), event('run.status', { status: 'running' }), event('scalars', { groups: [] }, { step: 99 })];
  for (const each of [...old, ...old]) applyEvent(open, each);
  assert.deepEqual(open.run, before);
  assert.equal(open.ledger.size, 1);
});

test('an outcome known before its question keeps both', () => {
  const open = run();
  const [question, answer] = [asked('a'), outcome('applied', 'a')];
  applyEvent(open, answer);
  applyEvent(open, question);
  const [item] = open.ledger.values();
  assert.deepEqual([item.outcome, item.author, item.step], ['applied', 'ann', 20]);
});

test('one request for two knobs is two items of the ledger', () => {
  const open = run();
  const knobs = [{ name: 'auxiliary.weight', value: 2, old: 1 }, { name: 'r1.weight', value: 3, old: 4 }];
  applyEvent(open, event('knob.asked', { request_id: 'a', author: 'ann', knobs }));
  applyEvent(open, event('knob.applied', { request_id: 'a', knobs, latency_ms: 1 }, { step: 5 }));
  assert.deepEqual([...open.ledger.values()].map(({ name, outcome: said }) => [name, said]), [['auxiliary.weight', 'applied'], ['r1.weight', 'applied']]);
});

test('scalars reach only the charted series, and every last value', () => {
  const open = run();
  assert.ok(Number.isNaN(open.lastValues.get('loss.d')), 'NaN of the snapshot stays NaN');
  open.scalars.set('loss.d', emptyBuckets('loss.d', '100-0'));
  const body = { groups: [{ steps: [11, 12], values: { 'loss.d': [0.5, 'Infinity'], 'loss.g': [1, 0] } }] };
  assert.deepEqual(applyEvent(open, event('scalars', body, { step: 12 })), ['run', 'series']);
  assert.deepEqual(open.scalars.get('loss.d').last, [0.5, Infinity]);
  assert.deepEqual([open.lastValues.get('loss.d'), open.lastValues.get('loss.g')], [Infinity, 0]);
  assert.equal(open.scalars.has('loss.g'), false);
  assert.equal(open.run.step, 12);
});

test('a series that is charted later is filled from what came meanwhile', () => {
  const batches = [1, 2, 3].map((step) => event('scalars', { groups: [{ steps: [step], values: { x: [step] } }] }, { step }));
  const buckets = emptyBuckets('x', batches[0].id);
  replayScalars(buckets, batches);
  assert.deepEqual(buckets.steps, [2, 3], 'the first was in the answer already');
});

test('a new attempt goes back: later points, pictures and the step leave the view', () => {
  const open = run({ step: 0 });
  open.scalars.set('x', emptyBuckets('x', '100-0'));
  open.infos.set('samples', { name: 'samples', kind: 'grid' });
  for (let step = 1; step <= 9; step += 1) {
    applyEvent(open, event('scalars', { groups: [{ steps: [step], values: { x: [step] } }] }, { step }));
    applyEvent(open, event('grid', { series: 'samples', rows: 1, columns: 1, cell: [1, 1] }, { step }));
  }
  applyEvent(open, event('run.status', { status: 'running', from_step: 6, knobs: [{ ...KNOB, default: 3 }] }, { attempt: 2 }));
  assert.deepEqual(open.scalars.get('x').steps, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(open.pictures.get('samples'), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([open.run.step, open.run.attempt, open.run.knobs[0].value], [6, 2, 3]);
});

test('states come with their reasons, and an ended run has its time', () => {
  const open = run();
  applyEvent(open, event('run.status', { status: 'failed', reason: 'out of memory', traceback: 'tb' }));
  assert.deepEqual([open.run.status, open.run.reason, open.run.traceback, open.run.finished_at], ['failed', 'out of memory', 'tb', 50]);
  assert.deepEqual(['finished', 'stopped', 'failed'].map(hasEnded), [true, true, true]);
  assert.deepEqual(['queued', 'starting', 'running', 'paused', 'parked', 'lost'].map(hasEnded), [false, false, false, false, false, false]);
});

test('pictures and points are listed once, in the order of their steps', () => {
  const open = run();
  for (const step of [200, 100, 200]) applyEvent(open, event('grid', { series: 'samples', rows: 2, columns: 3, cell: [4, 4] }, { step }));
  for (const step of [1, 3, 2]) applyEvent(open, event('points', { series: 'points', generated: [], real: [], extent: [0, 1, 0, 1] }, { step }));
  assert.deepEqual(open.pictures.get('samples'), [100, 200]);
  assert.equal(open.layouts.get('samples').columns, 3);
  assert.deepEqual(open.clouds.get('points'), [1, 2, 3]);
  assert.equal(open.newestCloud.get('points').step, 3);
});

test('checkpoints that were replaced go', () => {
  const open = run();
  const written = (name, step, removed = []) => event('checkpoint.written', { name, sha256: '', size_bytes: 1, reason: 'interval', removed }, { step });
  applyEvent(open, written('a', 10));
  applyEvent(open, written('b', 20, ['a']));
  assert.deepEqual([...open.checkpoints.values()].map(({ step }) => step), [20]);
});

test('an alarm is raised, cleared and raised again', () => {
  const open = run();
  const raise = (step) => applyEvent(open, event('alarm.raised', { guard: 'collapse', message: 'coverage 0.4 < 0.6' }, { step }));
  raise(10);
  assert.equal(open.alarms.get('collapse').cleared, null);
  applyEvent(open, event('alarm.cleared', { guard: 'collapse', message: 'coverage 0.8' }, { step: 30 }));
  assert.deepEqual([open.alarms.get('collapse').step, open.alarms.get('collapse').cleared], [10, 30]);
  raise(40);
  assert.deepEqual([open.alarms.get('collapse').step, open.alarms.get('collapse').cleared], [40, null]);
  raise(40);
  assert.deepEqual(open.alarms.get('collapse').spans.map(({ from, to }) => [from, to]), [[10, 30], [40, null]]);
});

test('of a guard that has raised nothing the page knows why', () => {
  const open = run();
  applyEvent(open, event('guard.state', { guard: 'sharpening', state: 'idle', reason: 'no monitor of this run measures hessian.g.top' }, { step: 0 }));
  applyEvent(open, event('guard.state', { guard: 'd_wins', state: 'calibrating', reason: '' }, { step: 0 }));
  applyEvent(open, event('guard.state', { guard: 'd_wins', state: 'watching', reason: '' }, { step: 700 }));
  assert.deepEqual([...open.guards].map(([guard, { state }]) => [guard, state]), [['sharpening', 'idle'], ['d_wins', 'watching']]);
});

test('a monitor that broke is said once, however often the event comes', () => {
  const open = run();
  const broken = event('monitor.disabled', { monitor: 'modes', reason: 'ValueError: nothing to judge' }, { step: 5 });
  applyEvent(open, broken);
  applyEvent(open, broken);
  assert.deepEqual(open.messages.map(({ message }) => message), ['modes is off: ValueError: nothing to judge']);
});

test('an event of a kind that this page does not know changes nothing', () => {
  const open = run();
  assert.deepEqual(applyEvent(open, event('hologram', {})), []);
});

test('a knob that an attempt sets again is in force when its series says so', () => {
  const open = run();
  open.run.knobs = [{ name: 'r1.weight', kind: 'number', default: 1, value: 1 }, { name: 'ema.sample', kind: 'boolean', default: true, value: true }];
  const said = (values) => applyEvent(open, event('scalars', { groups: [{ steps: [63], values }] }, { step: 63 }));
  assert.ok(said({ 'knob.r1.weight': [0.5], 'knob.ema.sample': [0] }).includes('knobs'));
  assert.deepEqual(open.run.knobs.map(({ value }) => value), [0.5, false]);
  assert.ok(!said({ 'knob.r1.weight': [0.5], 'loss.d': [1] }).includes('knobs'));
  const groups = [{ steps: [65], values: { 'knob.r1.weight': [2] } }, { steps: [64], values: { 'knob.r1.weight': [1], 'loss.d': [1] } }];
  applyEvent(open, event('scalars', { groups }, { step: 65 }));
  assert.equal(open.run.knobs[0].value, 2, 'the groups of one event come in any order');
});
