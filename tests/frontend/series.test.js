// Points of the stream merged into the server's buckets: nothing doubled, nothing missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compareIds, oldest } from '../../frontend/lib/cursor.js';
import { addPoint, bucketsFrom, emptyBuckets, firstAtLeast, MOST_BUCKETS, newest, supersede, valueAt } from '../../frontend/lib/series.js';

/** A small seeded generator, so that a failure can be repeated. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Buckets by brute force: of each step the value of the highest attempt. */
function expected(points, bucketSteps) {
  const best = new Map();
  for (const point of points) {
    const known = best.get(point.step);
    if (known === undefined || point.attempt > known.attempt) best.set(point.step, point);
  }
  const groups = new Map();
  for (const step of [...best.keys()].sort((a, b) => a - b)) {
    const start = Math.floor(step / bucketSteps) * bucketSteps;
    groups.set(start, [...(groups.get(start) ?? []), best.get(step).value]);
  }
  return [...groups].map(([start, values]) => {
    const finite = values.filter(Number.isFinite);
    const or = (value) => (finite.length > 0 ? value : NaN);
    return { start, min: or(Math.min(...finite)), max: or(Math.max(...finite)), last: values.at(-1), nonfinite: values.length - finite.length };
  });
}

function rows(buckets) {
  return buckets.steps.map((start, index) => ({
    start, min: buckets.min[index], max: buckets.max[index], last: buckets.last[index], nonfinite: buckets.nonfinite[index],
  }));
}

const id = (number) => `1000-${number}`;

test('points in any order become exact buckets of one step', () => {
  const next = random(1);
  const points = Array.from({ length: 300 }, (_, index) => ({
    step: Math.floor(next() * 200), value: next() < 0.1 ? NaN : next(), attempt: 1 + Math.floor(next() * 3), id: id(index + 1),
  }));
  const buckets = emptyBuckets('loss.d');
  for (const point of points) addPoint(buckets, point);
  assert.deepEqual(rows(buckets), expected(points, 1));
});

test('a long run is halved to powers of two and loses no extreme, last value or count', () => {
  const next = random(2);
  const points = Array.from({ length: 20_000 }, (_, index) => ({
    step: index, value: next() < 0.01 ? [NaN, Infinity, -Infinity][index % 3] : next() - 0.5, attempt: 1, id: id(index + 1),
  }));
  const buckets = emptyBuckets('loss.d');
  for (const point of points) addPoint(buckets, point);
  assert.ok(buckets.steps.length <= MOST_BUCKETS);
  assert.equal(Math.log2(buckets.bucketSteps) % 1, 0);
  assert.deepEqual(rows(buckets), expected(points, buckets.bucketSteps));
});

test('a replay of everything changes nothing', () => {
  const answer = { name: 'loss.d', bucket_steps: 4, steps: [0, 4], min: [1, 'NaN'], max: [2, 'NaN'], last: [2, 'Infinity'], nonfinite: [0, 4], cursor: id(50) };
  const buckets = bucketsFrom(answer);
  const before = structuredClone(buckets);
  for (let number = 1; number <= 50; number += 1) {
    assert.equal(addPoint(buckets, { step: number % 8, value: 9, attempt: 1, id: id(number) }), false);
  }
  assert.deepEqual(buckets, before);
  assert.ok(addPoint(buckets, { step: 8, value: 9, attempt: 1, id: id(51) }));
});

test('the snapshot and the stream meet without a gap and without a double, wherever the cut is', () => {
  const next = random(3);
  const points = Array.from({ length: 64 }, (_, index) => ({ step: index, value: next(), attempt: 1, id: id(index + 1) }));
  for (const cut of [0, 1, 31, 63, 64]) {
    const before = expected(points.slice(0, cut), 1);
    const column = (key) => before.map((row) => row[key]);
    const buckets = bucketsFrom({
      name: 'x', bucket_steps: 1, steps: column('start'), min: column('min'), max: column('max'), last: column('last'), nonfinite: column('nonfinite'), cursor: id(cut),
    });
    const replayedFrom = Math.max(0, cut - 10);
    for (const point of points.slice(replayedFrom)) addPoint(buckets, point);
    assert.deepEqual(rows(buckets), expected(points, 1), `cut at ${cut}`);
  }
});

test('of one step the highest attempt counts, and a lower one that comes late does not', () => {
  const buckets = emptyBuckets('x');
  addPoint(buckets, { step: 3, value: 1, attempt: 1, id: id(1) });
  assert.ok(addPoint(buckets, { step: 3, value: 2, attempt: 2, id: id(2) }));
  assert.equal(addPoint(buckets, { step: 3, value: 5, attempt: 1, id: id(3) }), false);
  assert.equal(addPoint(buckets, { step: 3, value: 7, attempt: 2, id: id(4) }), false);
  assert.deepEqual(buckets.last, [2]);
});

test('a new attempt takes later points of lower attempts out of view', () => {
  const buckets = emptyBuckets('x');
  for (let step = 1; step <= 10; step += 1) addPoint(buckets, { step, value: step, attempt: 1, id: id(step) });
  supersede(buckets, 6, 2);
  assert.deepEqual(buckets.steps, [1, 2, 3, 4, 5, 6]);
  addPoint(buckets, { step: 7, value: 70, attempt: 2, id: id(20) });
  supersede(buckets, 6, 2);
  assert.deepEqual(buckets.steps, [1, 2, 3, 4, 5, 6, 7], 'its own points stay');
  assert.deepEqual([buckets.last.length, buckets.attempts.length], [7, 7]);
});

test('the newest value and the value at a step', () => {
  const buckets = emptyBuckets('x');
  assert.equal(newest(buckets), null);
  assert.equal(valueAt(undefined, 5), null);
  for (const step of [10, 20, 30]) addPoint(buckets, { step, value: step / 10, attempt: 1, id: id(step) });
  assert.deepEqual(newest(buckets), { step: 30, value: 3 });
  assert.equal(valueAt(buckets, 9), null);
  assert.deepEqual(valueAt(buckets, 20), { step: 20, value: 2 });
  assert.deepEqual(valueAt(buckets, 29), { step: 20, value: 2 });
});

test('first at least agrees with a search from the start', () => {
  const numbers = [1, 4, 4, 9];
  for (let wanted = 0; wanted < 11; wanted += 1) {
    const found = numbers.findIndex((number) => number >= wanted);
    assert.equal(firstAtLeast(numbers, wanted), found < 0 ? numbers.length : found);
  }
});

test('ids are ordered by time, then by number, not by their letters', () => {
  assert.ok(compareIds('999-5', '1000-1') < 0);
  assert.ok(compareIds('1000-10', '1000-9') > 0);
  assert.equal(compareIds('1000-9', '1000-9'), 0);
  assert.equal(oldest(['1000-10', '1000-9', '2000-0']), '1000-9');
  assert.equal(oldest([]), '0-0');
});
