// Rules and what they did, in words: what each waits for, and how the ledger tells it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rowState } from '../../frontend/lib/knob_state.js';
import { changeWords, isDryRun } from '../../frontend/lib/ledger.js';
import { lastAct, ruleWords, rulesOf } from '../../frontend/lib/rules.js';

const ON_ALARM = { name: 'on_alarm', alarm: 'collapse', do: 'pause', knob: '', to: 0, over: 1, shape: 'linear', dry_run: false };
const ON_SERIES = { name: 'on_series', series: 'loss.d', when: 'below', threshold: 0.1, do: 'set', knob: 'r1.weight', to: 1, over: 1, shape: 'linear', dry_run: false };
const HOLD = { name: 'hold', series: 'penalty.r1', target: 0.1, knob: 'r1.weight', dry_run: false };

test('a rule says what it waits for and what it then does', () => {
  assert.equal(ruleWords(ON_ALARM), 'on collapse: pause');
  assert.equal(ruleWords({ ...ON_ALARM, do: 'rewind', knob: 'r1.weight', to: 1 }), 'on collapse: rewind, r1.weight to 1');
  assert.equal(ruleWords(ON_SERIES), 'when loss.d is below 0.1: r1.weight to 1');
  assert.equal(ruleWords({ ...ON_SERIES, when: 'drops', threshold: 0.07, over: 500 }), 'when loss.d drops by 7 %: r1.weight to 1 over 500');
  assert.equal(ruleWords({ ...ON_SERIES, when: 'rises', threshold: 0.5, shape: 'pulse' }), 'when loss.d rises by 50 %: r1.weight to 1 for 1');
  assert.equal(ruleWords({ ...HOLD, dry_run: true }), 'holds penalty.r1 at 0.1 with r1.weight (dry run)');
});

test('of a rule from elsewhere nothing is guessed', () => {
  assert.equal(ruleWords({ name: 'of_a_plugin', do: 'pause', dry_run: true }), '');
});

test('a rule that was edited while the run goes on says what is in force', () => {
  const knobs = [{ name: 'early.threshold', value: 0.5 }, { name: 'early.dry_run', value: true }, { name: 'earlybird.threshold', value: 9 }];
  const run = { spec: { rules: [{ ...ON_SERIES, as: 'early' }, HOLD] }, knobs };
  assert.deepEqual(rulesOf(run), [
    { entry: 'early', text: 'when loss.d is below 0.5: r1.weight to 1 (dry run)' },
    { entry: 'hold', text: 'holds penalty.r1 at 0.1 with r1.weight' },
  ]);
  assert.deepEqual(rulesOf({ spec: {}, knobs }), [], 'a spec from before there were rules');
});

const act = (step, more = {}) => ({ kind: 'knob', name: 'r1.weight', author: 'rule calm', reason: 'alarm of collapse', asked_at: 100, old: 0, new: 1, outcome: 'applied', outcome_reason: null, step, ...more });
const DRY = { outcome: 'refused', outcome_reason: 'dry run: nothing was changed' };

test('the last act of a rule is the one at the latest step, whatever became of it', () => {
  const others = [act(900, { author: 'calm' }), act(950, { author: 'rule calmer' })];
  assert.equal(lastAct(others, 'calm'), '');
  assert.equal(lastAct([...others, act(80), act(20)], 'calm'), 'acted at 80');
  assert.equal(lastAct([act(20), act(80, DRY)], 'calm'), 'would have acted at 80');
  assert.equal(lastAct([act(80, { outcome: 'refused', outcome_reason: 'r1.weight must be at most 1000' })], 'calm'), 'refused at 80');
  assert.equal(lastAct([act(null, { outcome: null })], 'calm'), '');
});

test('only the refusal of a dry run is one', () => {
  assert.ok(isDryRun(act(5, DRY)));
  assert.ok(!isDryRun(act(5, { ...DRY, outcome: 'superseded' })));
  assert.ok(!isDryRun(act(5, { outcome: 'refused', outcome_reason: 'r1.weight must be at most 1000' })));
  assert.ok(!isDryRun(act(5, { outcome: 'refused', outcome_reason: null })));
});

test('a knob row tells a dry run from a refusal, and carries the reason', () => {
  const knob = { name: 'r1.weight', kind: 'number', default: 0, scale: 'log', value: 0 };
  const moment = { now_s: 130, status: 'running', step: 90 };
  const row = (/** @type {any} */ item) => rowState(knob, undefined, item, moment);
  assert.deepEqual(row(act(5, DRY)), { kind: 'dry', text: 'rule calm would set 1', why: 'alarm of collapse' });
  assert.deepEqual(row(act(5)), { kind: 'old', text: 'applied @5 · rule calm', why: 'alarm of collapse' });
  assert.equal(row(act(5, { outcome: 'refused', outcome_reason: 'r1.weight must be at most 1000' })).kind, 'refused');
});

test('a change says from what to what, and whether it goes back', () => {
  assert.equal(changeWords(act(5)), '0 → 1');
  assert.equal(changeWords(act(5, { over: 500, shape: 'cosine' })), '0 → 1 over 500');
  assert.equal(changeWords(act(5, { over: 5, shape: 'pulse' })), '0 → 1 for 5');
  assert.equal(changeWords(act(5, { over: 1, shape: 'pulse', old: false, new: true })), 'false → true for 1');
  assert.equal(changeWords(act(5, { old: null, new: 0.00011051709180756478 })), '1.105e-4');
  assert.equal(changeWords(act(5, { old: 0.0002, new: 1234567 })), '2e-4 → 1234567');
});
