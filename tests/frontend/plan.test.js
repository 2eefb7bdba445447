// Which charts a run's page has, and how their axes behave.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cause, freshness } from '../../frontend/lib/freshness.js';
import { interval_ms } from '../../frontend/lib/painter.js';
import { chosen, plan } from '../../frontend/lib/plan.js';
import { fraction, holdRange, padded, spread, stepRange } from '../../frontend/lib/ranges.js';
import { openRun } from '../../frontend/lib/reduce.js';
import { addPoint, emptyBuckets, withErrors } from '../../frontend/lib/series.js';
import { createStore } from '../../frontend/lib/store.js';
import { stepAt } from '../../frontend/panels/stepper.js';

const LABELLED = [
  'loss.d', 'loss.g', 'loss.d.adversarial', 'loss.g.adversarial', 'loss.d.auxiliary', 'loss.g.auxiliary', 'logit.real', 'logit.fake',
  'auxiliary.hair.accuracy', 'samples.hair.accuracy', 'modes.captured', 'gradient.d.norm', 'gradient.g.norm', 'penalty.r1', 'knob.r1.weight',
];
const PLAIN = ['loss.d', 'loss.g', 'loss.d.adversarial', 'loss.g.adversarial', 'logit.real', 'logit.fake', 'gradient.d.norm', 'gradient.g.norm'];

function open(names, { attributes = {}, conditioning = 'none' } = {}) {
  const found = openRun({ id: 'r', status: 'running', spec: { conditioning: { name: conditioning } }, step: 0, steps: 10, attempt: 1, knobs: [], attributes, latest: {}, cursor: '0-0' });
  for (const name of names) found.infos.set(name, { name, kind: 'scalar' });
  return found;
}

const cells = (charts) => charts.reduce((sum, { isWide }) => sum + (isWide ? 2 : 1), 0);

test('a labelled run shows its adversarial and its label losses apart, and both kinds of accuracy', () => {
  const charts = plan(open(LABELLED, { attributes: { hair: ['a', 'b'] }, conditioning: 'auxiliary' }));
  assert.deepEqual(charts.map(({ id }) => id), ['losses', 'auxiliary', 'accuracies', 'modes', 'gradients', 'more']);
  const names = charts.flatMap((chart) => chosen(chart, {}).traces.map(({ name }) => name));
  for (const name of ['loss.d.adversarial', 'loss.g.auxiliary', 'auxiliary.hair.accuracy', 'samples.hair.accuracy', 'modes.captured', 'logit.real']) {
    assert.ok(names.includes(name), name);
  }
});

test('every plan fills six cells, so that no panel leaves a hole', () => {
  const plans = [
    plan(open(LABELLED, { attributes: { hair: ['a'] }, conditioning: 'auxiliary' })), plan(open(PLAIN)), plan(open([...PLAIN, 'modes.captured'])),
    plan(open([], { attributes: { hair: ['a'] }, conditioning: 'auxiliary' })), plan(open([])), plan(open([...PLAIN, 'samples.digit.accuracy', 'modes.captured'], { attributes: { digit: ['0'] } })),
  ];
  for (const charts of plans) assert.equal(cells(charts), 6, charts.map(({ id }) => id).join());
});

test('what a queued run will show is what it shows when it runs, so that nothing moves', () => {
  const attributes = { hair: ['a', 'b'] };
  const ids = (charts) => charts.map(({ id, isWide }) => id + isWide);
  assert.deepEqual(ids(plan(open([], { attributes, conditioning: 'auxiliary' }))), ids(plan(open(LABELLED, { attributes, conditioning: 'auxiliary' }))));
  assert.deepEqual(ids(plan(open([]))), ids(plan(open([...PLAIN, 'modes.captured']))));
});

test('what a component measures beside the usual is what the last chart shows first, on a log axis where it falls by powers of ten', () => {
  const last = (names) => plan(open([...PLAIN, ...names])).at(-1);
  const gap = last(['duality_gap.last', 'duality_gap.average', 'regret.g']);
  assert.deepEqual(gap.views.map(({ id }) => id).slice(0, 2), ['duality_gap', 'regret']);
  assert.deepEqual(gap.views[0].traces.map(({ name, label }) => [name, label]), [['duality_gap.last', 'last'], ['duality_gap.average', 'average']]);
  assert.equal(gap.log, true);
  const nudged = last(['optimiser.g.eigenvalue', 'optimiser.g.nudged', 'optimiser.g.rate', 'optimiser.d.rate']);
  assert.deepEqual(nudged.views[0].traces.map(({ label }) => label), ['eigenvalue', 'nudged']);
  assert.deepEqual(nudged.views.find(({ id }) => id === 'optimiser').traces.map(({ label }) => label), ['d.rate', 'g.rate']);
  assert.equal(last([]).title, 'Other series');
  const pointed = open(PLAIN);
  pointed.infos.set('points', { name: 'points', kind: 'points' });
  assert.equal(plan(pointed).at(-1).title, 'Other series');
});

test('the scalars of instruments are views of the charts that they belong to, and leave the title of the last alone', () => {
  const layers = ['conv1', 'conv2'].flatMap((layer) => [`spectrum.d.${layer}.sigma_1`, `spectrum.d.${layer}.stable_rank`]);
  const more = ['hessian.g.top', 'hessian.g.bottom', 'hessian.g.products', 'memory.process', 'input_gradient.mean.real', 'movement.rate.d', 'movement.rate.g', 'vendi.score'];
  const found = open([...PLAIN, 'modes.captured', ...layers, ...more]);
  found.infos.get('hessian.g.products').unit = 'products';
  const charts = plan(found);
  const views = (id) => charts.find((chart) => chart.id === id).views.map(({ label, traces }) => [label, ...traces.map(({ name, label: each }) => `${name} ${each}`)]);
  assert.deepEqual(views('modes').slice(3), [['vendi', 'vendi.score score']]);
  assert.deepEqual(views('gradients').slice(1), [['input gradient mean', 'input_gradient.mean.real real'], ['movement rate', 'movement.rate.d D', 'movement.rate.g G']]);
  assert.deepEqual(charts.find(({ id }) => id === 'gradients').views[2].traces.map(({ role, dash }) => `${role} ${dash}`), ['D solid', 'G dash']);
  assert.deepEqual(views('more'), [
    ['spectrum of D: sigma 1', 'spectrum.d.conv1.sigma_1 conv1', 'spectrum.d.conv2.sigma_1 conv2'],
    ['spectrum of D: stable rank', 'spectrum.d.conv1.stable_rank conv1', 'spectrum.d.conv2.stable_rank conv2'],
    ['hessian G: top, bottom', 'hessian.g.top top', 'hessian.g.bottom bottom'], ['hessian G: products', 'hessian.g.products products'], ['memory', 'memory.process process'],
  ]);
  assert.equal(charts.at(-1).title, 'Other series');
  assert.equal(cells(charts), 6);
});

test('an error is no line but the band of one, and a floor is dotted in the colour of what it is the floor of', () => {
  const names = ['precision', 'precision.error', 'precision.real', 'precision.real.error', 'recall', 'recall.real'].map((name) => `coverage.${name}`);
  const charts = plan(open([...PLAIN, ...names, 'scores.overlap', 'scores.overlap.error']));
  const [coverage] = charts.find(({ id }) => id === 'modes').views;
  assert.deepEqual(coverage.traces.map(({ name, label, dash, error }) => [name, label, dash, error]), [
    ['coverage.precision', 'precision', 'solid', 'coverage.precision.error'], ['coverage.precision.real', 'precision, real', 'dot', 'coverage.precision.real.error'],
    ['coverage.recall', 'recall', 'solid', undefined], ['coverage.recall.real', 'recall, real', 'dot', undefined],
  ]);
  const roles = coverage.traces.map(({ role }) => role);
  assert.deepEqual([roles[0] === roles[1], roles[2] === roles[3], roles[0] === roles[2]], [true, true, false]);
  assert.deepEqual(charts.at(-1).views[0].traces.map(({ name, error }) => [name, error]), [['scores.overlap', 'scores.overlap.error']]);
});

test('a line with its error has it as its band, and none where the error is not finite', () => {
  const [line, errors] = ['x', 'x.error'].map((name) => emptyBuckets(name));
  [[0, 5, 0.5], [10, 6, NaN], [20, 7, 2]].forEach(([step, value, error], index) => {
    addPoint(line, { step, value, attempt: 1, id: `1-${index}` });
    addPoint(errors, { step, value: error, attempt: 1, id: `1-${index}` });
  });
  const before = structuredClone(line);
  const { min, max, last } = withErrors(line, errors);
  assert.deepEqual([min, max, last], [[4.5, 6, 5], [5.5, 6, 9], [5, 6, 7]]);
  assert.deepEqual(withErrors(line, undefined).max, [5, 6, 7]);
  assert.deepEqual(line, before);
});

test('coverage has its chart where no modes are known, and only scalars have charts', () => {
  const charts = plan(open([...PLAIN, 'coverage.precision', 'vendi']));
  assert.deepEqual(charts.filter(({ id }) => id === 'modes').map(({ title, views }) => [title, ...views.map(({ id }) => id)]), [['Coverage', 'coverage', 'vendi']]);
  assert.equal(cells(charts), 6);
  const pictured = open(PLAIN);
  for (const [name, kind] of [['spectrum.d.conv1', 'spectrum'], ['hessian.g.eigenvalues', 'eigenvalues'], ['scores.real', 'density']]) pictured.infos.set(name, { name, kind });
  assert.deepEqual(plan(pictured), plan(open(PLAIN)));
});

test('a choice that a chart does not have falls back to its first', () => {
  const [losses] = plan(open(PLAIN));
  assert.equal(chosen(losses, { losses: 'adversarial' }).id, 'adversarial');
  assert.equal(chosen(losses, { losses: 'gone' }).id, losses.views[0].id);
});

test('a range grows at once and shrinks only after ten seconds of too much room', () => {
  let held = holdRange(null, [0, 10], 0);
  assert.deepEqual(held.range, padded([0, 10]));
  held = holdRange(held, [0, 100], 1);
  assert.ok(held.range[1] >= 100);
  const grown = held.range;
  held = holdRange(held, [0, 20], 2000);
  held = holdRange(held, [0, 20], 11_000);
  assert.deepEqual(held.range, grown, 'nine seconds are not enough');
  assert.deepEqual(holdRange(held, [0, 80], 11_500).looseSince_ms, null, 'room that is used again starts the clock anew');
  held = holdRange(held, [0, 20], 12_001);
  assert.deepEqual(held.range, padded([0, 20]));
});

test('a constant has room around it, and an empty chart a range', () => {
  assert.deepEqual(padded([2e-4, 2e-4]), [2e-4 - 2e-5, 2e-4 + 2e-5]);
  assert.deepEqual(padded([0, 0]), [-1, 1]);
  assert.deepEqual(holdRange(null, null, 0).range, [0, 1]);
});

test('steps in a range', () => {
  assert.deepEqual(stepRange(null, 500), [0, 500]);
  assert.deepEqual(stepRange([100, 200], 500), [100, 200]);
  assert.deepEqual([150, 100, 200, 99, 201].map((step) => fraction(step, [100, 200])), [0.5, 0, 1, null, null]);
});

test('labels that would cover each other are pushed apart and stay inside', () => {
  const placed = spread([50, 52, 51, 199], 15, 10, 200);
  const sorted = [...placed].sort((a, b) => a - b);
  for (let index = 1; index < sorted.length; index += 1) assert.ok(sorted[index] - sorted[index - 1] >= 15 - 1e-9);
  assert.ok(Math.min(...placed) >= 10 && Math.max(...placed) <= 200);
  assert.ok(placed[0] < placed[2] && placed[2] < placed[1], 'their order stays');
  assert.deepEqual(spread([20, 100], 15, 0, 200), [20, 100]);
});

test('the picture of a step is the last at or before the cursor', () => {
  assert.equal(stepAt([], null), null);
  assert.deepEqual([null, 250, 200, 199, 5].map((cursor) => stepAt([100, 200, 300], cursor)), [300, 200, 200, 100, 100]);
});

test('drawing takes at most a tenth of the time, and a chart at most four redraws a second', () => {
  assert.equal(interval_ms(0, 6), 250);
  assert.equal(interval_ms(2, 6), 250);
  assert.equal(interval_ms(20, 6), 1200);
  assert.equal(interval_ms(500, 6), 2000, 'a slow machine still moves');
});

function state(status, stream) {
  const found = open([]);
  Object.assign(found.run, { status, reason: null });
  return { open: found, stream: { state: 'open', retries: 0, arrivedAt_ms: 0, isServerThere: null, offset_s: 0, ...stream }, recording: null };
}

test('the age of the data is said, and within ten seconds why there are none', () => {
  assert.deepEqual([freshness(state('running'), 300).text, freshness(state('running'), 300).tone], ['live 0.3 s', 'ok']);
  assert.equal(freshness(state('running'), 4000).tone, 'warn');
  assert.equal(cause(state('running'), 4000), null);
  assert.match(cause(state('running'), 14_000).text, /^No data for 14 s: the trainer is silent/);
  assert.notEqual(cause(state('running'), 9000), null);
  assert.match(cause(state('running', { isServerThere: false }), 14_000).text, /the server does not answer/);
  assert.match(cause(state('running', { isServerThere: true }), 14_000).text, /the trainer is silent/);
  assert.equal(cause(state('running', { state: 'retrying' }), 1000), null, 'it may be back at once');
  assert.match(cause(state('running', { state: 'retrying', retries: 1 }), 3000).text, /the connection is lost/);
  assert.match(cause(state('running', { state: 'retrying', retries: 3 }), 14_000).text, /the connection is lost \(try 3\)/);
  assert.equal(freshness(state('running', { state: 'retrying' }), 500).tone, 'bad', 'a lost connection never looks live');
});

test('a run that waits, paused or ended is not called silent', () => {
  for (const status of ['queued', 'paused', 'finished', 'stopped']) assert.equal(freshness(state(status), 60_000).isSilent, false, status);
  assert.equal(cause(state('paused'), 60_000), null);
  const queued = state('queued');
  queued.open.run.reason = 'no worker is online';
  assert.equal(cause(queued, 0).text, 'Queued: no worker is online');
  assert.match(cause(state('queued'), 0).text, /^Queued: it starts when/);
});

test('listeners hear once a frame, and only of their topics', () => {
  const frames = [];
  const store = createStore((flush) => frames.push(flush));
  const heard = [];
  const stop = store.subscribe(['run', 'knobs'], (changed) => heard.push([...changed].sort().join()));
  store.change(['run'], () => {});
  store.change(['knobs', 'series'], () => {});
  store.change(['theme'], (inner) => (inner.theme = 'dark'));
  assert.equal(frames.length, 1);
  assert.deepEqual(heard, []);
  frames.pop()();
  assert.deepEqual(heard, ['knobs,run,series,theme']);
  store.change(['theme'], () => {});
  frames.pop()();
  stop();
  store.change(['run'], () => {});
  frames.pop()();
  assert.equal(heard.length, 1);
  assert.equal(store.state.theme, 'dark');
});
