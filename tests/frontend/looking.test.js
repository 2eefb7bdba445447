// What one does with pictures: the newest wish first, frames of a filmstrip, layers, points that glide, a lane a guard.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figure as points } from '../../frontend/charts/points.js';
import { between } from '../../frontend/lib/glide.js';
import { gridChoices, gridShown, thinned } from '../../frontend/lib/grids.js';
import { newestFirst, recentlyUsed } from '../../frontend/lib/latest.js';
import { layersShown, toggleLayer } from '../../frontend/lib/layers.js';
import { alarmSpans, lanesOf } from '../../frontend/panels/guard_lanes.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('of the wishes that come while one is carried out, only the newest is', async () => {
  const begun = [];
  const ends = [];
  const wish = newestFirst((step) => {
    begun.push(step);
    return new Promise((resolve) => ends.push(resolve));
  });
  [1, 2, 3, 4].forEach(wish);
  assert.deepEqual(begun, [1]);
  ends[0]();
  await turn();
  assert.deepEqual(begun, [1, 4], 'two and three were overtaken');
  ends[1]();
  await turn();
  wish(5);
  assert.deepEqual(begun, [1, 4, 5], 'and it can begin again');
});

test('what was not used for longest goes first', () => {
  const kept = recentlyUsed(2);
  kept.put('a', 1);
  kept.put('b', 2);
  assert.equal(kept.get('a'), 1);
  kept.put('c', 3);
  assert.deepEqual([kept.get('a'), kept.get('b'), kept.get('c')], [1, undefined, 3]);
});

test('a filmstrip has at most so many frames, the first and the last among them, and few change when one comes', () => {
  for (const count of [0, 1, 2, 11, 12, 13, 100, 1023]) {
    const steps = Array.from({ length: count }, (_, index) => index * 50);
    const shown = thinned(steps, 12);
    assert.ok(shown.length <= 12, `${shown.length} of ${count}`);
    assert.equal(shown[0], steps[0]);
    assert.equal(shown.at(-1), steps.at(-1));
    assert.ok(count <= 12 ? shown.length === count : shown.length >= 6, `${shown.length} of ${count}`);
    const next = thinned([...steps, count * 50], 12);
    const stay = shown.filter((step) => next.includes(step)).length;
    assert.ok(stay >= shown.length / 2 - 1, `${stay} of ${shown.length} stay`);
  }
});

test('grids stand in their order, those without a word of their own last', () => {
  const infos = new Map(['own.grid', 'interpolation', 'samples', 'loss.d'].map((name) => [name, { name, kind: name === 'loss.d' ? 'scalar' : 'grid' }]));
  assert.deepEqual(gridChoices({ infos }).map(({ label }) => label), ['fixed latents', 'interpolation', 'own.grid']);
  assert.equal(gridShown({ infos }, { choice: { grid: 'own.grid' } }).name, 'own.grid');
  assert.equal(gridShown({ infos }, { choice: { grid: 'gone' } }).name, 'samples');
  assert.equal(gridShown({ infos: new Map() }, { choice: {} }), null);
});

test('a hidden layer stands in the address, and nothing does while all are shown', () => {
  const choice = {};
  toggleLayer(choice, 'surface');
  toggleLayer(choice, 'real');
  assert.deepEqual(choice, { hidden: 'real.surface' });
  assert.deepEqual([...layersShown(choice)], ['generated', 'slopes']);
  toggleLayer(choice, 'surface');
  toggleLayer(choice, 'real');
  assert.deepEqual(choice, {});
  assert.equal(layersShown({ hidden: 'nonsense' }).size, 4);
});

test('a point glides on a straight line; one that is not finite, or new, does not', () => {
  const from = [[0, 0], ['NaN', 0], [1, 1]];
  const to = [[4, 8], [2, 2], [1, 'Infinity'], [5, 5]];
  assert.deepEqual(between(from, to, 0.25), [[1, 2], [2, 2], [1, 'Infinity'], [5, 5]]);
  assert.deepEqual(between(from, to, 1), to);
});

const CLOUD = { real: [], generated: [[0, 0], [1, 1], [0, 1]], extent: [-2, 2, -2, 2], field: null };
const OPTIONS = { size: 100, fake: [0, 0, 0], neutral: [0, 0, 0], real: [0, 0, 0] };

test('arrows lead up the surface, to one scale, the longest as long as a ninth of a hundred', () => {
  const { data, steepest } = points({ ...CLOUD, slopes: [[3, 4], [0, -2.5]] }, OPTIONS);
  assert.equal(steepest, 5);
  assert.deepEqual(data.arrows.map((arrow) => arrow.map((part) => Number(part.toFixed(6)))), [[50, 50, 5.4, -7.2], [75, 25, 0, 4.5]]);
});

test('a slope that is not finite is counted, and the others are drawn', () => {
  const { data, notes, steepest } = points({ ...CLOUD, slopes: [['NaN', 1], ['Infinity', 0], [1, 0]] }, OPTIONS);
  assert.equal(data.arrows.length, 1);
  assert.equal(steepest, 1);
  assert.deepEqual(notes, ['D has no finite slope at 2 points']);
  assert.equal(points({ ...CLOUD, slopes: [[0, 0]] }, OPTIONS).data.arrows[0][2], 0);
  assert.equal(points(CLOUD, OPTIONS).steepest, null, 'recorded before there were arrows');
});

const OPEN = {
  run: { spec: { guards: [{ name: 'collapse' }, { name: 'd_wins', as: 'mine' }, { name: 'stagnation' }, { name: 'divergence' }] } },
  alarms: new Map([
    ['collapse', { guard: 'collapse', message: 'gone', step: 90, cleared: null, spans: [{ from: 10, to: 20, message: 'gone' }, { from: 90, to: null, message: 'gone' }] }],
    ['other', { guard: 'other', message: 'back', step: 5, cleared: 7, spans: [{ from: 5, to: 7, message: 'was' }] }],
  ]),
  guards: new Map([
    ['collapse', { state: 'watching', reason: '' }], ['mine', { state: 'off', reason: 'broke' }], ['stagnation', { state: 'calibrating', reason: '' }], ['other', { state: 'watching', reason: '' }],
  ]),
};

test('each guard has a lane, also the one that found nothing, is off, or was never heard', () => {
  assert.deepEqual(lanesOf(OPEN).map(({ id, state }) => [id, state.word]), [
    ['collapse', 'raised'], ['mine', 'off'], ['stagnation', 'calibrating'], ['divergence', 'not heard yet'], ['other', 'cleared'],
  ]);
});

test('alarms of one guard share a row, those of another have the next', () => {
  assert.deepEqual(alarmSpans(OPEN).map(({ guard, lane, lanes, from, to }) => [guard, lane, lanes, from, to]), [
    ['collapse', 0, 2, 10, 20], ['collapse', 0, 2, 90, null], ['other', 1, 2, 5, 7],
  ]);
});
