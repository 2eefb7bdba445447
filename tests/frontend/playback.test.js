import assert from 'node:assert/strict';
import { test } from 'node:test';

import { jump, nextMark, pin } from '../../frontend/lib/playback.js';

/** @param {number} step @param {number | null} cursor */
function storeAt(step, cursor, ledger = new Map(), alarms = new Map()) {
  const state = { open: { run: { step }, ledger, alarms }, view: { cursor } };
  return /** @type {any} */ ({ state, change: (_topics, mutate) => mutate(state) });
}
const applied = (step) => ({ kind: 'knob', outcome: 'applied', step, name: 'x', old: 1, new: 2, over: 1 });

test('the next mark is the nearest one beyond, on either side', () => {
  assert.equal(nextMark([10, 50, 90], 50, 1), 90);
  assert.equal(nextMark([10, 50, 90], 50, -1), 10);
  assert.equal(nextMark([10, 50, 90], 90, 1), null);
  assert.equal(nextMark([], 5, -1), null);
});

test('a cursor at the newest step follows the run, and none is before the beginning', () => {
  const store = storeAt(100, 40);
  pin(store, 120);
  assert.equal(store.state.view.cursor, null);
  pin(store, -3);
  assert.equal(store.state.view.cursor, 0);
  pin(store, 33.4);
  assert.equal(store.state.view.cursor, 33);
});

test('a jump goes from change to alarm and back, and stays where there is none further', () => {
  const ledger = new Map([['a', applied(20)], ['b', { ...applied(60), outcome: 'refused' }]]);
  const alarms = new Map([['collapse', { guard: 'collapse', spans: [{ from: 70, to: null, message: 'm' }] }]]);
  const store = storeAt(100, null, ledger, alarms);
  const stations = [-1, -1, -1, 1, 1].map((direction) => {
    jump(store, /** @type {1 | -1} */ (direction));
    return store.state.view.cursor;
  });
  assert.deepEqual(stations, [70, 20, 20, 70, 70]);
});
