// Numbers and times as a person reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { age, duration, exact, fromWire, integer, latency, number, plotlyText } from '../../frontend/lib/format.js';

test('three significant digits, and an exponent where zeros would be counted', () => {
  const cases = [
    [0.412, '0.412'], [1.9, '1.90'], [41.23, '41.2'], [412.3, '412'], [5e-5, '5.0e-5'], [-0.5, '−0.500'], [1234567, '1.2e6'], [0, '0'], [60, '60'],
    [-0.00012, '−1.2e-4'], [12431, '12\u202f431'],
  ];
  for (const [value, text] of cases) assert.equal(number(value), text);
});

test('what is not finite is said, what is missing is a dash', () => {
  assert.deepEqual(['NaN', 'Infinity', '-Infinity', NaN, null, undefined].map((value) => number(value)), ['NaN', '∞', '−∞', 'NaN', '–', '–']);
  assert.ok(Number.isNaN(fromWire('NaN')));
  assert.equal(fromWire('-Infinity'), -Infinity);
});

test('the exact text gives the number back', () => {
  for (const value of [1e-7, 2e-4, 0.00025, 0.999, 1, 10, 1e9, -3.5, 0.1 + 0.2, 0]) assert.equal(Number(exact(value)), value);
  assert.equal(exact(2e-4), '2e-4');
  assert.equal(exact(true), 'true');
});

test('whole numbers are grouped from five digits on', () => {
  assert.deepEqual([8000, 12431, 1000000, -12431].map(integer), ['8000', '12\u202f431', '1\u202f000\u202f000', '−12\u202f431']);
});

test('spans of time in one or two units', () => {
  assert.deepEqual([0, 45, 59.6, 840, 7500, 3600, 90000, Infinity].map(duration), ['0 s', '45 s', '1 min', '14 min', '2 h 5 min', '1 h', '1 d 1 h', '–']);
  assert.deepEqual([0.31, 9.9, 14, 200].map(age), ['0.3 s', '9.9 s', '14 s', '3 min']);
  assert.deepEqual([12.4, 9999, 45000].map(latency), ['12 ms', '9999 ms', '45 s']);
});

test('no text opens a tag inside Plotly', () => {
  assert.equal(plotlyText('<a href="x">&'), '&lt;a href="x"&gt;&amp;');
});
