// Knobs: where a value stands on its slider, what is refused, and what a row says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { latestFor, newestChanges, parsed, rowState } from '../../frontend/lib/knob_state.js';
import { allowed, caption, ends, refusal, toPosition, toValue } from '../../frontend/lib/scale.js';

const LR = { name: 'optimiser.g.lr', kind: 'number', default: 2e-4, minimum: 0, maximum: 1, scale: 'log', value: 2e-4 };
const WEIGHT = { name: 'auxiliary.weight', kind: 'number', default: 1, minimum: 0, maximum: 100, scale: 'log', value: 1 };
const BETA = { name: 'optimiser.g.beta1', kind: 'number', default: 0.5, minimum: 0, maximum: 1, exclusive_maximum: true, scale: 'linear', value: 0.5 };
const STEPS = { name: 'game.d_steps', kind: 'integer', default: 1, minimum: 1, maximum: 100, scale: 'linear', value: 1 };

test('a linear slider is linear, and its ends are the bounds', () => {
  assert.equal(toPosition(BETA, 0.25), 0.25);
  assert.equal(toValue(BETA, 0.25), 0.25);
  assert.equal(toValue(BETA, 0), 0);
});

test('a bound that is not allowed itself is never reached', () => {
  assert.ok(toValue(BETA, 1) < 1);
  assert.equal(refusal(BETA, String(toValue(BETA, 1))), null);
  const above = { ...BETA, exclusive_maximum: false, exclusive_minimum: true };
  assert.ok(toValue(above, 0) > 0);
});

test('a log slider gives every decade the same room', () => {
  const knob = { ...LR, minimum: 1e-6, maximum: 1e-2 };
  assert.deepEqual([1e-6, 1e-4, 1e-2].map((value) => toPosition(knob, value)), [0, 0.5, 1]);
  assert.equal(toValue(knob, 0.5), 1e-4);
});

test('a log slider that begins at 0 reaches 0, and has its default well inside', () => {
  for (const knob of [LR, WEIGHT]) {
    assert.equal(toValue(knob, 0), 0);
    assert.equal(toPosition(knob, 0), 0);
    const middle = toPosition(knob, knob.default);
    assert.ok(middle > 0.2 && middle < 0.8, `${knob.name}: ${middle}`);
  }
});

test('a log slider of whole numbers that begins at 0 reaches 0, 1 and the default', () => {
  const start = { ...STEPS, minimum: 0, maximum: 1e9, default: 0, scale: 'log' };
  assert.deepEqual([toValue(start, 0), toValue(start, 1e-9), toPosition(start, 1)], [0, 1, 0]);
  assert.equal(toValue(start, toPosition(start, 5000)), 5000);
});

test('a penalty can be set from a hundredth to a hundred by its slider alone', () => {
  const weight = { ...WEIGHT, default: 10, minimum: 0, maximum: 1000, scale: 'log' };
  for (const wanted of [0.01, 0.1, 1, 10, 100]) assert.ok(Math.abs(toValue(weight, toPosition(weight, wanted)) / wanted - 1) < 0.01);
});

test('position and value undo each other to three digits', () => {
  for (const knob of [LR, WEIGHT, { ...BETA, exclusive_maximum: false }]) {
    for (let position = 0; position <= 1; position += 0.05) {
      const value = toValue(knob, position);
      assert.ok(Math.abs(toPosition(knob, value) - position) < 0.003, `${knob.name} at ${position}: ${value}`);
    }
  }
});

test('a slider of whole numbers gives whole numbers', () => {
  for (let position = 0; position <= 1; position += 0.03) assert.ok(Number.isInteger(toValue(STEPS, position)));
});

test('an open end is drawn at ten times the default, and takes more in the field', () => {
  const open = { ...WEIGHT, maximum: null };
  assert.deepEqual(ends(open), [0, 10]);
  assert.equal(refusal(open, '5000'), null);
});

test('out of bounds is refused with the bound, before anything is sent', () => {
  assert.equal(refusal(WEIGHT, '500'), 'auxiliary.weight must be a number from 0 to 100; got 500');
  assert.equal(refusal(BETA, '1'), 'optimiser.g.beta1 must be a number from 0 below 1; got 1');
  assert.equal(refusal(STEPS, '1.5'), 'game.d_steps must be a whole number from 1 to 100; got 1.5');
  for (const text of ['', ' ', 'x', '1,5', 'NaN', 'Infinity', '1e999']) assert.notEqual(refusal(WEIGHT, text), null, text);
  for (const text of ['0', '100', ' 2 ', '1e-3', '.5']) assert.equal(refusal(WEIGHT, text), null, text);
  assert.equal(allowed({ ...BETA, kind: 'boolean' }), 'on or off');
  assert.equal(caption(LR), '0 … 1 log');
});

const NOW = { now_s: 1000, status: 'running', step: 500 };
const item = (more) => ({ request_id: 'r', kind: 'knob', name: 'auxiliary.weight', author: 'page', asked_at: 999, outcome: null, step: null, latency_ms: null, ...more });

test('a row says what was typed, asked and answered', () => {
  const draft = (more) => ({ text: '2', problem: null, sent: null, ...more });
  const cases = [
    [undefined, null, 'plain', ''],
    [draft({}), null, 'edited', 'was 1'],
    [draft({ problem: 'auxiliary.weight must be a number from 0 to 100; got x' }), null, 'invalid', 'must be a number from 0 to 100; got x'],
    [draft({ sent: 'r' }), null, 'sent', 'sent'],
    [undefined, item({ asked_at: 999.2 }), 'asked', 'asked 0.8 s'],
    [undefined, item({ outcome: 'applied', step: 12418, latency_ms: 12.4 }), 'applied', 'applied @12\u202f418 · 12 ms'],
    [undefined, item({ outcome: 'applied', step: 7, latency_ms: 3, asked_at: 100, author: 'ann' }), 'old', 'applied @7 · 3 ms · ann'],
    [undefined, item({ outcome: 'refused', outcome_reason: 'auxiliary.weight must be a number from 0 to 100; got 7e9' }), 'refused', 'refused: must be a number from 0 to 100; got 7e9'],
    [undefined, item({ outcome: 'refused', asked_at: 100 }), 'plain', ''],
    [undefined, item({ outcome: 'superseded', outcome_reason: 'by abc' }), 'superseded', 'superseded by abc'],
    [undefined, item({ outcome: 'lost' }), 'lost', 'lost: the trainer was gone before it answered'],
  ];
  for (const [given, latest, kind, text] of cases) assert.deepEqual(rowState(WEIGHT, given, latest, NOW), { kind, text });
});

test('a request that waits says why', () => {
  const waiting = item({ asked_at: 990 });
  const words = (more) => rowState(WEIGHT, undefined, waiting, { ...NOW, ...more }).text;
  assert.equal(words({}), 'asked 10 s, still at step 500');
  assert.equal(words({ status: 'paused' }), 'asked: waits, as the run is paused');
  assert.equal(words({ status: 'queued' }), 'asked: waits for the trainer (queued)');
});

test('the newest request for a knob decides', () => {
  const ledger = [item({ request_id: 'a', asked_at: 5 }), item({ request_id: 'b', asked_at: 9 }), item({ request_id: 'c', asked_at: 20, name: 'r1.weight' }), item({ request_id: 'd', asked_at: 30, kind: 'command', name: 'auxiliary.weight' })];
  assert.equal(latestFor(ledger, 'auxiliary.weight').request_id, 'b');
  assert.equal(latestFor(ledger.toReversed(), 'auxiliary.weight').request_id, 'b');
  assert.equal(latestFor(ledger, 'nothing'), null);
});

test('a text becomes a value of the knob’s kind', () => {
  assert.equal(parsed(WEIGHT, '0.5'), 0.5);
  assert.equal(parsed({ ...WEIGHT, kind: 'boolean' }, 'true'), true);
  assert.equal(parsed({ ...WEIGHT, kind: 'boolean' }, 'false'), false);
});

test('a knob whose change throws something away says so before it is applied', () => {
  const moment = { now_s: 0, status: 'running', step: 1 };
  const draft = { text: '0.1', problem: null, sent: null };
  assert.equal(rowState({ ...LR, resets: 'the sum of gradients' }, draft, null, moment).text, 'was 2e-4; resets the sum of gradients');
  assert.equal(rowState(LR, draft, null, moment).text, 'was 2e-4');
});

test('a log slider whose knob is at 0 in the spec reaches a millionth of its maximum', () => {
  const weight = { ...WEIGHT, default: 0, minimum: 0, maximum: 1000, scale: 'log' };
  for (const wanted of [0.01, 0.1, 10]) assert.ok(Math.abs(toValue(weight, toPosition(weight, wanted)) / wanted - 1) < 0.01);
});

test('a knob on its way says where to and until when, and then that it was applied', () => {
  const item = { request_id: 'a', kind: 'knob', name: 'a.weight', old: 1, new: 0.1, over: 100, author: 'ann', asked_at: 0, outcome: 'applied', step: 51 };
  const at = (step) => rowState(WEIGHT, undefined, item, { now_s: 100, status: 'running', step });
  assert.deepEqual(at(60), { kind: 'applied', text: 'moves to 0.1 until @150' });
  assert.equal(at(150).kind, 'old');
});

test('the newest applied change of each knob can be undone, and no other', () => {
  const item = (name, asked_at, outcome, old, now) => ({ request_id: `${name}${asked_at}`, kind: 'knob', name, old, new: now, author: '', asked_at, outcome });
  const ledger = [
    item('a', 1, 'applied', 0, 1), item('a', 2, 'applied', 1, 2), item('b', 3, 'applied', 5, 6), item('b', 4, null, 6, 7),
    item('c', 5, 'applied', 3, 3), item('d', 6, 'refused', 1, 2), { ...item('pause', 7, 'applied'), kind: 'command' },
  ];
  assert.deepEqual(newestChanges(ledger).map(({ request_id }) => request_id), ['a2']);
});
