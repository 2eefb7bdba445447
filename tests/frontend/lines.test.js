// The chart of scalars as a pure function: what it draws, and what it says it could not draw.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { extent, figure } from '../../frontend/charts/lines.js';

const COLOURS = {
  text: 'rgb(0, 0, 0)', meta: 'rgb(1, 1, 1)', line: 'rgb(2, 2, 2)', surface: 'rgb(3, 3, 3)',
  roles: { D: 'rgb(1, 0, 0)', G: 'rgb(0, 1, 0)' },
};

/** A series whose buckets are single points. */
function points(steps, values, more = {}) {
  const finite = values.map((value) => (Number.isFinite(value) ? value : NaN));
  return {
    name: 'loss.d', label: 'D', role: 'D', dash: 'solid', steps, min: finite, max: finite, last: values,
    nonfinite: values.map((value) => (Number.isFinite(value) ? 0 : 1)), ...more,
  };
}

function options(more = {}) {
  return { uirevision: 'run-1', colours: COLOURS, width: 700, height: 240, xRange: [0, 100], yRange: [0, 1], ...more };
}

const drawnLines = ({ data }) => data.filter((trace) => trace.fill === undefined);

test('no series, an empty figure that still has its axes', () => {
  const { data, layout, notes, ends } = figure([], options());
  assert.deepEqual([data, notes, ends], [[], [], []]);
  assert.deepEqual(layout.xaxis.range, [0, 100]);
  assert.deepEqual([layout.width, layout.height, layout.uirevision], [700, 240, 'run-1']);
});

test('a series without points draws nothing and has no end', () => {
  const { data, ends } = figure([points([], [])], options());
  assert.deepEqual(data[0].x, []);
  assert.deepEqual(ends, []);
});

test('one point is drawn as a marker, since no line joins it', () => {
  const found = figure([points([7], [0.5])], options());
  assert.equal(found.data.length, 1);
  assert.equal(found.data[0].mode, 'lines+markers');
  assert.deepEqual([found.data[0].x, found.data[0].y], [[7], [0.5]]);
  assert.deepEqual(found.ends, [{ name: 'loss.d', label: 'D', role: 'D', value: 0.5, step: 7 }]);
});

test('values that are not finite leave a gap and are counted, with the last step', () => {
  const { data, notes, ends } = figure([points([1, 2, 3, 4], [0.1, NaN, Infinity, 0.4])], options());
  assert.deepEqual(data[0].y, [0.1, null, null, 0.4]);
  assert.equal(data[0].connectgaps, false);
  assert.deepEqual(notes, ['not finite: D 2 (last ~3)']);
  assert.equal(ends[0].value, 0.4);
});

test('on a log axis what is not above 0 leaves a gap and is counted', () => {
  const { data, notes, layout } = figure([points([1, 2, 3], [0, -1, 0.1])], options({ log: true, yRange: [0.01, 1] }));
  assert.deepEqual(data[0].y, [null, null, 0.1]);
  assert.deepEqual(notes, ['≤ 0, hidden on a log axis: D 2']);
  assert.equal(layout.yaxis.type, 'log');
  assert.deepEqual(layout.yaxis.range, [-2, 0]);
});

test('0 and negative values are drawn on a linear axis', () => {
  const { data, notes } = figure([points([1, 2], [0, -1])], options());
  assert.deepEqual(data[0].y, [0, -1]);
  assert.deepEqual(notes, []);
});

test('100,000 points become at most one a pixel, and keep every extreme and every count', () => {
  const n = 100_000;
  const values = Array.from({ length: n }, (_, index) => Math.sin(index / 50));
  values[4321] = 99;
  values[8765] = -99;
  values[50_000] = NaN;
  const steps = values.map((_, index) => index);
  const found = figure([points(steps, values)], options({ xRange: [0, n] }));
  const [band, line] = found.data;
  assert.ok(line.x.length <= 700, `${line.x.length} points`);
  assert.equal(band.fill, 'toself');
  const heights = band.y.filter((value) => value !== null);
  assert.equal(Math.max(...heights), 99);
  assert.equal(Math.min(...heights), -99);
  assert.equal(line.y.at(-1), values.at(-1));
  assert.match(found.notes[0], /^not finite: D 1 /);
});

test('a band is drawn where buckets have a spread, and is broken by a bucket without finite points', () => {
  const line = points([0, 4, 8], [1, NaN, 3], { min: [0, NaN, 2], max: [2, NaN, 4] });
  const band = figure([line], options()).data[0];
  assert.deepEqual(band.x, [0, 0, null, 8, 8, null]);
  assert.deepEqual(band.y, [2, 0, null, 4, 2, null]);
});

test('only what is in the range is drawn, with one point on each side', () => {
  const steps = [0, 10, 20, 30, 40, 50];
  const [line] = figure([points(steps, steps)], options({ xRange: [18, 32] })).data;
  assert.deepEqual(line.x, [10, 20, 30, 40]);
});

test('a name with markup stays text', () => {
  const found = figure([points([1], [1], { name: 'knob.<b onclick=x>&' })], options());
  assert.equal(found.data[0].name, 'knob.&lt;b onclick=x&gt;&amp;');
});

test('the given series is not changed', () => {
  const line = points([1, 2], [NaN, 0]);
  const before = structuredClone(line);
  figure([line], options({ log: true, yRange: [1, 10] }));
  assert.deepEqual(line, before);
});

test('every player has its own dash beside its own colour', () => {
  const found = figure([points([1, 2], [1, 2]), points([1, 2], [1, 2], { role: 'G', dash: 'dash' })], options());
  assert.deepEqual(drawnLines(found).map(({ line }) => [line.color, line.dash]), [['rgb(1, 0, 0)', 'solid'], ['rgb(0, 1, 0)', '6px,3px']]);
});

test('the extent is that of the finite values in the range', () => {
  const line = points([0, 5, 10, 15], [-100, 2, NaN, 7]);
  assert.deepEqual(extent([line], [1, 20], false), [2, 7]);
  assert.deepEqual(extent([line], [0, 20], false), [-100, 7]);
  assert.deepEqual(extent([line], [0, 20], true), [2, 7]);
  assert.equal(extent([line], [100, 200], false), null);
});

test('on a log axis a bucket that reaches from below 0 counts by its positive end', () => {
  const line = points([0], [5], { min: [-1], max: [5] });
  assert.deepEqual(extent([line], [0, 1], true), [5, 5]);
});
