// A sweep across parallel axes and as rows of samples.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { axesOf, classOf, colourings, isKept, namesOf, rangesFrom, rangesText, runWords, spotOf, wordsAt } from '../../frontend/lib/parallel.js';
import { cellOrder, cellSide, others, rowAxis, strips } from '../../frontend/lib/strips.js';
import { moved } from '../../frontend/panels/parallel_axis.js';
import { viewOf } from '../../frontend/panels/sweep_views.js';

const axis = (name, ...values) => ({ name, values });
const measured = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { step: 1, value }]));

function sweep(axes, latest = () => ({})) {
  let combined = [{}];
  for (const { name, values } of axes) combined = combined.flatMap((fixed) => values.map((value) => ({ ...fixed, [name]: value })));
  return { id: 's', name: 's', axes, cursor: '1-0', runs: combined.map((values, index) => ({ id: `r${index}`, name: `r${index}`, values, status: 'finished', step: 1, steps: 1, latest: measured(latest(values, index)) })) };
}

test('what was varied comes first, then what was measured; an axis of one value is none', () => {
  const found = axesOf(sweep([axis('lr', 1e-4, 1e-2), axis('batch', 64), axis('seed', 1, 2)], () => ({ 'loss.d': 1, 'modes.captured': 3 })));
  assert.deepEqual(found.map(({ id, label, isSwept }) => [id, label, isSwept]), [['lr', 'lr', true], ['seed', 'seed', true], ['modes.captured', 'modes', false], ['loss.d', 'loss D', false]]);
});

test('decades are logarithmic, names are even, and so are numbers that would lie on each other', () => {
  const at = (values) => {
    const made = sweep([axis('x', ...values)]);
    return made.runs.map((run) => Number(spotOf(axesOf(made)[0], run).at?.toFixed(4)));
  };
  assert.deepEqual(at([0.01, 0.1, 1]), [0, 0.5, 1]);
  assert.deepEqual(at([0, 1, 4]), [0, 0.25, 1]);
  assert.deepEqual(at(['hinge', 'minimax', { name: 'wgan' }]), [0, 0.5, 1]);
  assert.deepEqual(at([10, 0, 0.1, 1]), [1, 0, 0.3333, 0.6667], 'in their order, wherever 0 is');
});

test('NaN and what was never measured have no place, and say which they are', () => {
  const made = sweep([axis('x', 1, 2, 3)], (_, index) => [{ 'loss.d': 'NaN' }, {}, { 'loss.d': 0 }][index]);
  const loss = axesOf(made)[1];
  assert.deepEqual(made.runs.map((run) => spotOf(loss, run)), [{ at: null, text: 'NaN' }, { at: null, text: '–' }, { at: 0.5, text: '0' }]);
  assert.deepEqual(made.runs.map((run) => isKept(run, axesOf(made), new Map([['loss.d', [0, 1]]]))), [false, false, true]);
  assert.deepEqual(made.runs.map((run) => isKept(run, axesOf(made), new Map())), [true, true, true]);
});

test('ranges keep the runs that lie within all of them, ends included', () => {
  const made = sweep([axis('a', 1, 2, 3), axis('b', 1, 2)]);
  const axes = axesOf(made);
  const kept = (...ranges) => made.runs.filter((run) => isKept(run, axes, new Map(ranges))).map(({ values }) => [values.a, values.b]);
  assert.deepEqual(kept(['a', [0.5, 1]]), [[2, 1], [2, 2], [3, 1], [3, 2]]);
  assert.deepEqual(kept(['a', [0.5, 1]], ['b', [0, 0]]), [[2, 1], [3, 1]]);
});

test('ranges survive the address; what is no range is left out', () => {
  const ranges = new Map([['optimiser.d.lr', [0.25, 1]], ['a:b', [0, 0.5]]]);
  assert.deepEqual(rangesFrom(rangesText(ranges)), ranges);
  assert.deepEqual(rangesFrom(['x:9', 'x:80-20', 'x:0-900', '']), new Map());
});

test('keys move one end of a range, never past the other, and Escape takes it away', () => {
  assert.deepEqual(moved('ArrowUp', 'from', [0, 1], 0.25), [0.25, 1]);
  assert.deepEqual(moved('ArrowUp', 'from', [0.5, 0.6], 0.25), [0.6, 0.6]);
  assert.deepEqual(moved('ArrowDown', 'to', [0.5, 0.6], 0.25), [0.5, 0.5]);
  assert.deepEqual(moved('Home', 'from', [0.5, 0.6], 0.25), [0, 0.6]);
  assert.equal(moved('Escape', 'to', [0, 0.5], 0.1), null);
  assert.equal(moved('Tab', 'to', [0, 0.5], 0.1), undefined);
});

test('an axis of at most six values makes classes; more values, and measurements, a ramp', () => {
  const made = sweep([axis('few', 1, 2), axis('many', 1, 2, 3, 4, 5, 6, 7)], () => ({ 'loss.d': 1 }));
  assert.deepEqual(colourings(made, axesOf(made)), [{ id: 'few', isClasses: true }, { id: 'many', isClasses: false }, { id: 'loss.d', isClasses: false }]);
  assert.deepEqual(made.runs.slice(6, 8).map((run) => classOf(made, 'few', run)), [0, 1]);
});

test('an axis names its values, or five places of its scale', () => {
  const made = sweep([axis('lr', 1e-4, 1e-3, 1e-2)], (_, index) => ({ 'loss.d': 10 ** (2 * index) }));
  const [rate, loss] = axesOf(made);
  assert.deepEqual(namesOf(rate, made.runs).map(({ text }) => text), ['1e-4', '0.001', '0.01']);
  assert.deepEqual([loss.isLog, wordsAt(loss, 0.5), namesOf(loss, made.runs).length], [true, '100', 5]);
  assert.equal(runWords(made.runs[0], axesOf(made)), 'lr = 1e-4 · loss D 1 · finished');
});

test('between the ends of a scale stand round numbers, none of them on an end', () => {
  const made = sweep([axis('x', 1, 2)], (_, index) => ({ 'modes.captured': 7 * index, 'loss.d': 1.05 + 0.37 * index }));
  const [, modes, loss] = axesOf(made);
  assert.deepEqual(namesOf(modes, made.runs).map(({ text }) => text), ['0', '2', '4', '6', '7']);
  assert.deepEqual(namesOf(loss, made.runs).map(({ text }) => text), ['1.05', '1.10', '1.20', '1.30', '1.42']);
});

test('rows are the first axis that is not the seed, unless the address says another that there is', () => {
  const made = sweep([axis('seed', 1, 2), axis('gamma', 0.3, 0.5)]);
  assert.equal(rowAxis(made, null), 'gamma');
  assert.equal(rowAxis(made, 'seed'), 'seed');
  assert.equal(rowAxis(made, 'nosuch'), 'gamma');
  assert.equal(rowAxis(sweep([axis('seed', 1, 2)]), null), 'seed');
});

test('every run stands in the row of its value; one seed can be picked, and a value without runs keeps its row', () => {
  const made = sweep([axis('gamma', 0.3, 0.5), axis('seed', 1, 2)]);
  assert.deepEqual(others(made, 'gamma'), ['seed = 1', 'seed = 2']);
  const ids = (only) => strips(made, 'gamma', only).map(({ value, runs }) => [value, ...runs.map(({ run }) => run.id)]);
  assert.deepEqual(ids(null), [['0.3', 'r0', 'r1'], ['0.5', 'r2', 'r3']]);
  assert.deepEqual(ids('seed = 2'), [['0.3', 'r1'], ['0.5', 'r3']]);
  assert.deepEqual(ids('seed = 9'), ids(null), 'another sweep’s address shows all');
  made.runs.splice(0, 2);
  assert.deepEqual(ids(null), [['0.3'], ['0.5', 'r2', 'r3']]);
});

test('samples are taken from each row of a grid by turns, each once', () => {
  assert.deepEqual(cellOrder(2, 2).map(({ row, column }) => [row, column]), [[0, 0], [1, 0], [0, 1], [1, 1]]);
  assert.equal(new Set(cellOrder(3, 5).map(({ row, column }) => `${row} ${column}`)).size, 15);
});

test('a sample is a whole multiple of its pixels on the screen', () => {
  assert.deepEqual([16, 28, 32, 64, 128].map((size) => cellSide(size, 1)), [64, 56, 64, 64, 128]);
  for (const ratio of [1, 1.5, 2, 3]) for (const size of [8, 16, 28, 50]) assert.equal((cellSide(size, ratio) * ratio) % size, 0, `${size} ${ratio}`);
});

test('an unknown view is the matrix', () => {
  assert.deepEqual(['parallel', 'pictures', 'rainbow', null].map(viewOf), ['parallel', 'pictures', 'matrix', 'matrix']);
});
