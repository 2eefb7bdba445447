// The grid of samples and the 2-D view as pure functions.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figure as grid } from '../../frontend/charts/grid.js';
import { figure as points } from '../../frontend/charts/points.js';

const FAKE = [200, 0, 0];
const NEUTRAL = [100, 100, 100];
const REAL = [0, 0, 200];
const OPTIONS = { size: 100, fake: FAKE, neutral: NEUTRAL, real: REAL };

test('a picture is enlarged by a whole number of device pixels', () => {
  const picture = { width: 96, height: 160, rows: 10, columns: 6 };
  for (const ratio of [1, 1.5, 2, 3]) {
    const { scale, width, height } = grid(picture, { width: 384, height: 384, ratio }).layout;
    assert.ok(Number.isInteger(scale * ratio), `${scale} at ${ratio}`);
    assert.ok(width <= 384 && height <= 384);
    assert.ok((scale + 1 / ratio) * 160 > 384, 'one more would not fit');
  }
});

test('a picture larger than its box is made to fit', () => {
  const { layout } = grid({ width: 1000, height: 500, rows: 1, columns: 1 }, { width: 250, height: 400, ratio: 1 });
  assert.equal(layout.scale, 0.25);
});

test('labels that are not as many as the cells are left out', () => {
  const picture = { width: 64, height: 32, rows: 1, columns: 2, rowLabels: ['a', 'b'], columnLabels: ['x', 'y'] };
  const { rows, columns } = grid(picture, { width: 300, height: 300, ratio: 1 }).layout;
  assert.deepEqual(rows, []);
  assert.deepEqual(columns.map(({ text }) => text), ['x', 'y']);
});

test('labels wider than a cell stand upright, and their sizes add up to the picture', () => {
  const columnLabels = ['chestnut', 'amber', 'violet', 'green', 'blue', 'grey'];
  const { isUpright, columns, width, top, height } = grid({ width: 96, height: 160, rows: 10, columns: 6, columnLabels }, { width: 384, height: 390, ratio: 1 }).layout;
  assert.equal(isUpright, true);
  assert.equal(columns.reduce((sum, { size }) => sum + size, 0), width);
  assert.ok(height + top <= 390);
});

test('points are placed with high y at the top', () => {
  const body = { real: [[-1, -1], [1, 1]], generated: [[0, 0]], extent: [-1, 1, -1, 1], field: null };
  const { data, notes } = points(body, OPTIONS);
  assert.deepEqual(data.real, [[0, 100], [100, 0]]);
  assert.deepEqual(data.generated, [[50, 50]]);
  assert.equal(data.field, null);
  assert.deepEqual(notes, []);
});

test('the surface is neutral where D cannot tell, and saturates towards real and fake', () => {
  const body = { real: [], generated: [], extent: [-1, 1, -1, 1], field: [[-100, 0], [0, 100]] };
  const { rows, columns, pixels } = points(body, OPTIONS).data.field;
  assert.deepEqual([rows, columns], [2, 2]);
  const pixel = (index) => [...pixels.slice(index * 4, index * 4 + 4)];
  assert.deepEqual(pixel(0), [...NEUTRAL, 255], 'top left: high y, low x');
  assert.deepEqual(pixel(1), [...REAL, 255], 'top right');
  assert.deepEqual(pixel(2), [...FAKE, 255], 'bottom left: the first row of the field has low y');
});

test('half way to certainty is where σ(logit) is three quarters', () => {
  const body = { real: [], generated: [], extent: [-1, 1, -1, 1], field: [[Math.log(3)]] };
  const { pixels } = points(body, OPTIONS).data.field;
  assert.deepEqual([...pixels], [50, 50, 150, 255]);
});

test('what cannot be drawn is counted', () => {
  const body = { real: [], generated: [['NaN', 0], [0, 'Infinity'], [5, 5], [0, 0]], extent: [-1, 1, -1, 1], field: [['NaN', 1]] };
  const { data, notes } = points(body, OPTIONS);
  assert.equal(data.generated.length, 1);
  assert.deepEqual(notes, ['2 points not finite', '1 points outside the frame', 'D is not finite at 1 places']);
  assert.equal(data.field.pixels[3], 0, 'transparent');
});
