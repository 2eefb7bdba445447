// A sweep without its elements: the matrix, what events do to it, and what a cell says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countRuns, parseAxis, parseSeeds, sweepable } from '../../frontend/lib/axes.js';
import { applyToSweep, chosenAxes, describe, facts, matrix, progress, rechosen, valueText } from '../../frontend/lib/sweep.js';
import { cellWidth } from '../../frontend/panels/sweep_matrix.js';

const axis = (name, ...values) => ({ name, values });
const AXES = [axis('r1.weight', 0.1, 10), axis('loss', { name: 'hinge' }, { name: 'minimax' }), axis('seed', 1, 2, 3)];

function sweep(axes = AXES, more = {}) {
  let combined = [{}];
  for (const { name, values } of axes) combined = combined.flatMap((fixed) => values.map((value) => ({ ...fixed, [name]: value })));
  const runs = combined.map((values, index) => ({ id: `r${index}`, name: `r${index}`, values, status: 'queued', step: 0, steps: 100, latest: {}, picture: null, ...more }));
  return { id: 's', name: 's', axes, runs, cursor: '100-0' };
}

const ids = (cells) => cells.map((row) => row.map((run) => run?.id ?? null));

let count = 0;
const event = (kind, body, step = null, run = 'r0') => ({ id: `200-${(count += 1)}`, run, attempt: 1, source: 'trainer', step, time: 1, kind, body });
const scalars = (steps, values) => event('scalars', { groups: [{ steps, values }] }, steps[steps.length - 1]);

test('the first two axes that vary are rows and columns; one alone makes columns', () => {
  assert.deepEqual(chosenAxes(AXES, null), { rows: 'r1.weight', columns: 'loss' });
  assert.deepEqual(chosenAxes([axis('a', 1), axis('b', 1, 2), axis('c', 1, 2)], null), { rows: 'b', columns: 'c' });
  assert.deepEqual(chosenAxes([axis('a', 1, 2)], null), { rows: null, columns: 'a' });
  assert.deepEqual(chosenAxes([axis('a', 1)], null), { rows: null, columns: 'a' });
  assert.deepEqual(chosenAxes([], null), { rows: null, columns: null });
});

test('a choice that this sweep cannot have is not taken', () => {
  assert.deepEqual(chosenAxes(AXES, { rows: 'seed', columns: null }), { rows: 'seed', columns: null });
  assert.deepEqual(chosenAxes(AXES, { rows: 'seed', columns: 'nosuch' }), { rows: 'r1.weight', columns: 'loss' });
  assert.deepEqual(chosenAxes(AXES, { rows: 'seed', columns: 'seed' }), { rows: 'r1.weight', columns: 'loss' });
});

test('an axis that stands on the other side changes places', () => {
  assert.deepEqual(rechosen({ rows: 'a', columns: 'b' }, 'rows', 'b'), { rows: 'b', columns: 'a' });
  assert.deepEqual(rechosen({ rows: 'a', columns: 'b' }, 'columns', 'c'), { rows: 'a', columns: 'c' });
  assert.deepEqual(rechosen({ rows: 'a', columns: 'b' }, 'columns', null), { rows: 'a', columns: null });
  assert.deepEqual(rechosen({ rows: null, columns: 'a' }, 'rows', 'a'), { rows: 'a', columns: null });
});

test('every run stands in the one cell of its values, whatever the axes chosen', () => {
  const found = matrix(sweep(), { rows: 'r1.weight', columns: 'seed' });
  assert.deepEqual(found.groups.map(({ title }) => title), ['loss = {"name":"hinge"}', 'loss = {"name":"minimax"}']);
  assert.deepEqual(ids(found.groups[0].cells), [['r0', 'r1', 'r2'], ['r6', 'r7', 'r8']]);
  assert.deepEqual(ids(found.groups[1].cells), [['r3', 'r4', 'r5'], ['r9', 'r10', 'r11']]);
  for (const rows of [null, 'r1.weight', 'loss', 'seed']) {
    for (const columns of [null, 'r1.weight', 'loss', 'seed']) {
      if (rows === columns && rows !== null) continue;
      const all = matrix(sweep(), { rows, columns }).groups.flatMap(({ cells }) => ids(cells).flat());
      assert.deepEqual([...all].sort(), sweep().runs.map(({ id }) => id).sort(), `${rows} ${columns}`);
    }
  }
});

test('a run that was deleted leaves its cell empty', () => {
  const two = sweep([axis('a', 1, 2), axis('b', 1, 2)]);
  two.runs.splice(1, 1);
  assert.deepEqual(ids(matrix(two, { rows: 'a', columns: 'b' }).groups[0].cells), [['r0', null], ['r2', 'r3']]);
});

test('values are written short and exactly', () => {
  assert.deepEqual([valueText(2e-4), valueText(10), valueText(true), valueText('hinge'), valueText([1])], ['2e-4', '10', 'true', 'hinge', '[1]']);
  assert.equal(describe({ seed: 1, 'r1.weight': 0.1 }), 'seed = 1, r1.weight = 0.1');
});

test('events move a run on, and only its own', () => {
  const open = sweep();
  assert.equal(applyToSweep(open, event('run.status', { status: 'running', from_step: 0 }, 0)), 'changed');
  assert.equal(applyToSweep(open, scalars([1, 2], { 'modes.captured': [3, 'NaN'], 'knob.r1.weight': [0.1, 0.1] })), 'changed');
  const [run, other] = open.runs;
  assert.deepEqual([run.status, run.step, run.latest], ['running', 2, { 'modes.captured': { step: 2, value: 'NaN' } }]);
  assert.deepEqual([other.status, other.step, other.latest], ['queued', 0, {}]);
  applyToSweep(open, event('run.status', { status: 'failed', reason: 'broke' }, 2));
  assert.deepEqual([run.status, run.reason], ['failed', 'broke']);
});

test('what the snapshot told already, and runs of others, change nothing', () => {
  const open = sweep();
  const before = structuredClone(open);
  assert.equal(applyToSweep(open, { ...scalars([9], { 'loss.d': [1] }), id: '100-0' }), 'same');
  assert.equal(applyToSweep(open, event('run.status', { status: 'running' }, 0, 'elsewhere')), 'same');
  assert.deepEqual(open, before);
});

test('a run that goes back to a checkpoint is asked for anew', () => {
  const open = sweep();
  applyToSweep(open, scalars([50], { 'loss.d': [1] }));
  assert.equal(applyToSweep(open, event('run.status', { status: 'queued', reason: 'lost' }, 50)), 'changed');
  assert.equal(applyToSweep(open, event('run.status', { status: 'running', from_step: 20 }, 20)), 'reload');
});

test('the newest samples are kept, points with what is drawn, and a grid goes before points', () => {
  const open = sweep();
  const [run] = open.runs;
  const points = { series: 'points', generated: [[0, 0]] };
  applyToSweep(open, event('points', points, 10));
  assert.deepEqual(run.picture, { series: 'points', kind: 'points', step: 10, body: points });
  applyToSweep(open, event('points', points, 5));
  assert.equal(run.picture.step, 10);
  applyToSweep(open, event('grid', { series: 'nearest_real', rows: 1 }, 20));
  assert.equal(run.picture.step, 10, 'another grid is no samples');
  applyToSweep(open, event('grid', { series: 'samples', rows: 1 }, 20));
  applyToSweep(open, event('points', points, 30));
  assert.deepEqual(run.picture, { series: 'samples', kind: 'grid', step: 20 });
});

test('a cell says the last measurements with their errors and steps, NaN as NaN', () => {
  const latest = {
    'loss.g': { step: 9, value: 0.5 }, 'loss.d': { step: 9, value: 'NaN' }, 'frechet.distance': { step: 5, value: 0.25 },
    'frechet.distance.error': { step: 5, value: 0.012 }, 'modes.captured': { step: 9, value: 0 }, 'samples.hair.accuracy': { step: 9, value: 0.94 },
    'coverage.recall': { step: 5, value: 0.5 }, 'coverage.recall.error': { step: 5, value: 'NaN' },
  };
  assert.deepEqual(facts({ latest }).map(({ label, text, title }) => [label, text, title]), [
    ['modes', '0', 'modes.captured at step 9'], ['recall', '0.500', 'coverage.recall at step 5'], ['Fréchet', '0.250 ± 0.012', 'frechet.distance at step 5'],
    ['hair', '0.940', 'samples.hair.accuracy at step 9'], ['loss D', 'NaN', 'loss.d at step 9'], ['loss G', '0.500', 'loss.g at step 9'],
  ]);
  assert.deepEqual(facts({ latest: {} }), []);
});

test('progress counts what has ended as done, however early', () => {
  const open = sweep([axis('seed', 1, 2, 3, 4)]);
  Object.assign(open.runs[0], { status: 'stopped', step: 10 });
  Object.assign(open.runs[1], { status: 'running', step: 50 });
  assert.deepEqual(progress(open), { words: '1 stopped, 1 running, 2 queued', share: 150 / 400, left: 3 });
  assert.deepEqual(progress({ ...open, runs: [] }), { words: '', share: 0, left: 0 });
});

test('values are a list, a JSON list, or a range', () => {
  assert.deepEqual(parseAxis('0.3, 0.5,hinge, 2e-4, true, null,'), { axis: [0.3, 0.5, 'hinge', 2e-4, true, null] });
  assert.deepEqual(parseAxis('[1, [2]]'), { axis: [1, [2]] });
  assert.deepEqual(parseAxis(' log:0.01:10:4 '), { axis: { from: 0.01, to: 10, count: 4, scale: 'log' } });
  assert.deepEqual(parseAxis('linear:0:1:5'), { axis: { from: 0, to: 1, count: 5, scale: 'linear' } });
  for (const text of ['', '  ', 'log:1:2:', 'log:a:2:3', '[1,']) assert.ok('problem' in parseAxis(text), text);
  assert.match(parseAxis('log:1:b:3').problem, /got log:1:b:3/);
});

test('seeds are whole numbers', () => {
  assert.deepEqual(parseSeeds(' 1,2 ,3'), { seeds: [1, 2, 3] });
  assert.deepEqual(parseSeeds(''), { seeds: [] });
  assert.match(parseSeeds('1, -2').problem, /got -2/);
});

test('the number of runs is the product of the axes and the seeds', () => {
  assert.equal(countRuns({ a: [1, 2], b: { from: 0, to: 1, count: 3, scale: 'linear' } }, [1, 2]), 12);
  assert.equal(countRuns({ a: [1, 2] }, []), 2);
  assert.equal(countRuns({}, [5]), 1);
});

test('a sweep may be over every plain param of what is trained, by the names that knobs have', () => {
  const component = (family, name, properties) => ({ family, name, params: { properties } });
  const number = { type: 'number', default: 1 };
  const catalogue = {
    components: [
      component('datasets', 'ring', {}), component('networks', 'mlp', { width: { type: 'integer', default: 8 }, sizes: { type: 'array', items: {} } }),
      component('losses', 'hinge', { margin: number }), component('regularisers', 'r1', { weight: number, player: { enum: ['G', 'D'], default: 'D' } }),
      component('optimisers', 'adam', { lr: number }), component('monitors', 'modes', { every: number }),
    ],
  };
  const spec = {
    dataset: { name: 'ring' }, network: { name: 'mlp' }, loss: { name: 'hinge' }, regularisers: [{ name: 'r1' }, { name: 'r1', as: 'r1_2' }],
    optimisers: { G: { name: 'adam' }, D: { name: 'adam' } }, monitors: [{ name: 'modes' }], guards: null,
  };
  assert.deepEqual(sweepable(spec, catalogue), [
    'mlp.width', 'hinge.margin', 'optimiser.g.lr', 'optimiser.d.lr', 'r1.weight', 'r1.player', 'r1_2.weight', 'r1_2.player',
    'steps', 'batch', 'game.updates', 'game.d_steps', 'game.freeze_d', 'game.freeze_g',
  ]);
});

test('as many columns as there is room for, within bounds', () => {
  assert.equal(cellWidth(1400, 2, true), 264);
  assert.equal(cellWidth(1000, 4, true), Math.floor(870 / 4 - 16));
  assert.equal(cellWidth(360, 5, true), 148);
  assert.equal(cellWidth(360, 0, false), 264);
});
