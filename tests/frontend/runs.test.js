// The list of runs: what a row shows, what events do to it, how runs are filtered and grouped, and its little line.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figure } from '../../frontend/charts/sparkline.js';
import { grouped, hasWords, isOf, toSearch, totals, viewFrom } from '../../frontend/lib/list_view.js';
import { modesTotal } from '../../frontend/lib/modes.js';
import { applyToOverview, guardWords, isByHand, overviewFrom, turnedWords } from '../../frontend/lib/overview.js';
import { addPoint, emptyBuckets } from '../../frontend/lib/series.js';

const SIZE = { width: 125, height: 25 };

function buckets(values) {
  const found = emptyBuckets('loss.d');
  values.forEach((value, index) => addPoint(found, { step: index, value, attempt: 1, id: `1-${index + 1}` }));
  return found;
}

test('a line of nothing, of one point, and of a constant', () => {
  assert.deepEqual(figure(buckets([]), SIZE).data, { line: '', band: '', gaps: [], end: null });
  const one = figure(buckets([3]), SIZE).data;
  assert.deepEqual([one.line, one.end], ['M122.5 12.5L122.5 12.5', { x: 122.5, y: 12.5 }]);
  assert.equal(figure(buckets([2, 2, 2]), SIZE).data.line, 'M2.5 12.5L62.5 12.5L122.5 12.5');
});

test('a line runs from the first step to the last, its highest value above, also below 0', () => {
  assert.equal(figure(buckets([-1, 0, 1]), SIZE).data.line, 'M2.5 22.5L62.5 12.5L122.5 2.5');
  assert.equal(figure(buckets([0, 2]), { ...SIZE, fixed: [0, 8] }).data.line, 'M2.5 22.5L122.5 17.5');
});

test('what is not finite leaves a gap and a mark, and no number in its place', () => {
  const { data, layout } = figure(buckets([0, 1, NaN, 1, -Infinity]), SIZE);
  assert.equal(data.line, 'M2.5 22.5L32.5 2.5M92.5 2.5L92.5 2.5');
  assert.deepEqual([data.gaps, data.end, layout.low, layout.high], [[62.5, 122.5], null, 0, 1]);
  const nothing = figure(buckets([NaN]), SIZE);
  assert.deepEqual([nothing.data.line, nothing.data.gaps, Number.isNaN(nothing.layout.low)], ['', [122.5], true]);
});

test('100 000 points become few buckets that keep both extremes', () => {
  const many = { ...emptyBuckets('x'), steps: [], min: [], max: [], last: [], nonfinite: [], attempts: [] };
  for (let step = 0; step < 100_000; step += 1) {
    const value = step === 54_321 ? 99 : step === 12_345 ? -99 : 0;
    for (const [column, each] of Object.entries({ steps: step, min: value, max: value, last: value, nonfinite: 0, attempts: 1 })) many[column].push(each);
  }
  const { data, layout } = figure(many, SIZE);
  assert.deepEqual([layout.low, layout.high, layout.bucketSteps], [-99, 99, 2048]);
  assert.equal(data.line.split('L').length, 49);
  assert.equal(many.steps.length, 100_000);
});

const EMPTY = { picture: null, sparkline: null, alarms: [], guards: {}, n_turned: 0, turned: [], by_hand: [], root: 'r', root_name: 'r', sweep_name: null };
let count = 0;
const event = (kind, body, step = 5) => ({ id: `9-${(count += 1)}`, run: 'r', attempt: 1, source: 'trainer', step, time: 0, kind, body });
const line = (last) => ({ name: 'loss.d', bucket_steps: 1, steps: [1], min: [last], max: [last], last: [last], nonfinite: [0], cursor: '5-0' });

test('events after the answer move a row, those before it do not', () => {
  const overview = overviewFrom({ ...EMPTY, sparkline: line(1) });
  const scalars = event('scalars', { groups: [{ steps: [2, 3], values: { 'loss.d': [2, 'NaN'], 'loss.g': [0, 0] } }] });
  assert.equal(applyToOverview(overview, { ...scalars, id: '4-0' }, '5-0'), 'same');
  assert.equal(applyToOverview(overview, scalars, '5-0'), 'changed');
  assert.deepEqual([overview.sparkline.steps, overview.sparkline.nonfinite], [[1, 2, 3], [0, 0, 1]]);
  applyToOverview(overview, event('points', { series: 'points', generated: [] }, 7), '5-0');
  assert.deepEqual([overview.picture.kind, overview.picture.step], ['points', 7]);
  applyToOverview(overview, event('grid', { series: 'samples' }, 8), '5-0');
  applyToOverview(overview, event('points', { series: 'points', generated: [] }, 9), '5-0');
  applyToOverview(overview, event('grid', { series: 'nearest_real' }, 10), '5-0');
  assert.deepEqual([overview.picture.kind, overview.picture.step], ['grid', 8]);
});

test('an alarm holds until it is cleared, and raised again it is one alarm', () => {
  const overview = overviewFrom(structuredClone(EMPTY));
  const raise = (guard, step) => applyToOverview(overview, event('alarm.raised', { guard, message: 'm' }, step), '0-0');
  raise('d_wins', 3);
  raise('collapse', 4);
  raise('d_wins', 6);
  assert.deepEqual(overview.alarms.map(({ guard, step }) => [guard, step]), [['collapse', 4], ['d_wins', 6]]);
  applyToOverview(overview, event('alarm.cleared', { guard: 'collapse', message: 'm' }, 7), '0-0');
  assert.deepEqual(overview.alarms.map(({ guard }) => guard), ['d_wins']);
});

test('only what people turned is counted, once it is applied', () => {
  const overview = overviewFrom({ ...structuredClone(EMPTY), by_hand: ['before'] });
  const knobs = [{ name: 'auxiliary.weight', value: 2, old: 1 }];
  const say = (kind, request, author) => applyToOverview(overview, event(kind, { request_id: request, author, knobs }, 12400), '0-0');
  say('knob.asked', 'a', 'page');
  say('knob.asked', 'b', 'rule calm');
  say('knob.asked', 'c', 'plan');
  assert.equal(overview.n_turned, 0);
  for (const request of ['a', 'b', 'c', 'before']) say('knob.applied', request);
  assert.equal(overview.n_turned, 2);
  assert.equal(turnedWords({ ...overview, n_turned: 5 }), '3 earlier …\nauxiliary.weight 1 → 2 @12\u202f400\nauxiliary.weight 1 → 2 @12\u202f400');
  assert.deepEqual(['plan', 'rule x', 'planner', 'page'].map(isByHand), [false, false, true, true]);
});

test('a run that begins, or goes back, is asked for anew', () => {
  const begun = event('run.status', { status: 'running', from_step: 0 });
  assert.equal(applyToOverview(overviewFrom(EMPTY), begun, '0-0'), 'reload');
  assert.equal(applyToOverview(overviewFrom({ ...EMPTY, sparkline: line(1) }), begun, '0-0'), 'same');
  assert.equal(applyToOverview(overviewFrom({ ...EMPTY, sparkline: line(1) }), { ...begun, attempt: 2 }, '0-0'), 'reload');
  assert.equal(applyToOverview(overviewFrom(EMPTY), event('run.status', { status: 'finished' }), '0-0'), 'same');
});

test('an alarm is named with the worst first, and what does not watch is never called quiet', () => {
  const run = { spec: { guards: [{ name: 'a' }, { name: 'b' }] } };
  const words = (more, of = run) => guardWords({ ...EMPTY, ...more }, of);
  const alarms = [{ guard: 'd_wins', message: 'x', step: 1 }, { guard: 'collapse', message: 'y', step: 2 }];
  assert.deepEqual(words({ alarms }), { tone: 'bad', text: 'collapse +1', title: 'd_wins since step 1: x\ncollapse since step 2: y' });
  assert.equal(words({ guards: { a: 'watching', b: 'off' } }).text, '1 off');
  assert.deepEqual(words({ guards: { a: 'watching', b: 'calibrating' } }), { tone: 'soft', text: '', title: '1 of 2 guards watch; no alarm holds.' });
  assert.equal(words({}).title, 'No guard has given a verdict yet.');
  assert.deepEqual(words({}, { spec: { guards: [] } }), { tone: 'soft', text: '–', title: 'No guard watches this run.' });
});

test('an address keeps words, states and groups, and what is not to be read is left out', () => {
  const view = { words: 'queued GRID', some: 'alarm', group: 'sweep' };
  assert.equal(toSearch(view), '?q=queued%20GRID&state=alarm&group=sweep');
  assert.deepEqual(viewFrom(toSearch(view)), view);
  assert.deepEqual(viewFrom('?state=odd&group='), { words: '', some: 'all', group: 'none' });
  assert.equal(toSearch(viewFrom('')), '');
});

test('runs are picked by words and by state', () => {
  const run = { id: 'r1', name: 'Mine', recipe: 'ring-gan', status: 'paused', tags: ['x'] };
  assert.deepEqual(['mine RING', 'r1 x paused', 'grid'].map((words) => hasWords(run, words)), [true, true, false]);
  assert.deepEqual(['all', 'training', 'alarm', 'ended'].map((some) => isOf(run, undefined, some)), [true, true, false, false]);
  assert.deepEqual(['training', 'alarm', 'ended'].map((some) => isOf({ ...run, status: 'failed' }, { alarms: [{}] }, some)), [false, true, true]);
});

test('a group stands where its newest run would, and runs of none come last in their order', () => {
  const runs = [['e', null], ['d', 's1'], ['c', 's2'], ['b', 's1'], ['a', null]].map(([id, sweep]) => ({ id, sweep, status: 'running' }));
  const names = new Map(runs.map(({ id }) => [id, { ...EMPTY, root: { d: 'a', b: 'b' }[id] ?? id, root_name: 'n', sweep_name: 'S' }]));
  const shape = (grouping) => grouped(runs, names, grouping).map(({ id, title, runs: those }) => [id, title, those.map((run) => run.id).join('')]);
  assert.deepEqual(shape('sweep'), [['s1', 'S', 'db'], ['s2', 'S', 'c'], ['others', 'Not of a sweep', 'ea']]);
  assert.deepEqual(shape('lineage'), [['a', 'n', 'da'], ['others', 'Without forks', 'ecb']]);
  assert.equal(grouped(runs, names, 'lineage')[0].href, '/runs/a/lineage');
  assert.equal(totals([...runs, { status: 'failed' }]), '6 runs: 5 running, 1 failed');
});

test('how many modes there are is read from the unit, the labels or the data set, else not known', () => {
  const run = (dataset, attributes = {}) => ({ spec: { dataset }, attributes });
  assert.deepEqual([modesTotal(run({ modes: 8 })), modesTotal(run({ side: 5 })), modesTotal(run({}, { hair: ['a', 'b'], eyes: ['c', 'd', 'e'] })), modesTotal(run({}), 'of 12'), modesTotal(run({}))], [8, 25, 6, 12, null]);
});
