// Several runs at once: the address, where forks leave their parents, what time it was, what differs, and what is best.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figure } from '../../frontend/charts/lines.js';
import { newClock, stepBy, tick, timeOf } from '../../frontend/lib/clock.js';
import { addressOf, leaves, linesOf, marksOf, seriesToShow, viewFrom, wantedFrom, wholeRange } from '../../frontend/lib/compare.js';
import { compareSavings } from '../../frontend/lib/compare_savings.js';
import { bestOf, measurements, paramsOf, specRows, turnedRows } from '../../frontend/lib/compare_tables.js';
import { openRun } from '../../frontend/lib/reduce.js';
import { bucketsFrom } from '../../frontend/lib/series.js';
import { timeTicks, timeWords } from '../../frontend/lib/time_axis.js';
import { pictureAt } from '../../frontend/panels/compare_samples.js';

const IDS = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];
const VIEW = { cursor: null, range: null, choice: {}, log: {} };

function series(name, pairs, width = 1) {
  const values = pairs.map(([, value]) => value);
  const finite = values.map((value) => (Number.isFinite(value) ? value : NaN));
  return bucketsFrom({ name, bucket_steps: width, steps: pairs.map(([step]) => step), min: finite, max: finite, last: values, nonfinite: values.map((value) => (Number.isFinite(value) ? 0 : 1)), cursor: '1-0' });
}

function run(id, more = {}, scalars = []) {
  const open = openRun({ id, name: id, status: 'running', spec: {}, step: 100, steps: 100, attempt: 1, knobs: [], attributes: {}, latest: {}, cursor: '1-0', ...more });
  for (const buckets of scalars) open.scalars.set(buckets.name, buckets);
  return open;
}

function state(opens, more = {}) {
  return { ids: opens.map((open) => open.run.id), opens: new Map(opens.map((open) => [open.run.id, open])), clocks: new Map(), missing: [], refused: [], origins: new Map(), names: [], ...more };
}

test('the address of two runs with everything set is shorter than 200 characters, and says it all again', () => {
  const wanted = { runs: IDS, refused: [], series: ['loss.d', 'modes.captured'], align: 'time' };
  const view = { ...VIEW, cursor: 123_456, range: [1000, 200_000], log: { 'loss.d': true } };
  const address = addressOf(wanted, view);
  assert.ok(address.length <= 200, address);
  const search = address.slice(address.indexOf('?'));
  assert.deepEqual([wantedFrom(search), viewFrom(search)], [wanted, view]);
});

test('what an address does not say is as it is by default; what it says too much is named', () => {
  assert.deepEqual(wantedFrom('?runs=a,b,,a'), { runs: ['a', 'b'], refused: [], series: null, align: 'step' });
  assert.deepEqual(wantedFrom('?runs=1,2,3,4,5,6,7,8&align=moon').refused, ['7', '8']);
  assert.deepEqual(wantedFrom('?series='), { runs: [], refused: [], series: [], align: 'step' });
  assert.equal(addressOf({ runs: ['a'], series: null, align: 'step' }, VIEW), '/compare?runs=a');
  assert.deepEqual(seriesToShow(['x', 'loss.g', 'loss.d'], null), ['loss.d', 'loss.g']);
  assert.deepEqual(seriesToShow(['y', 'x'], null), ['y', 'x']);
  assert.deepEqual(seriesToShow(['x'], ['gone']), ['gone']);
});

test('a fork leaves the nearest compared run at the least step of the way there', () => {
  const origins = new Map([['b', { parent: 'a', step: 30 }], ['c', { parent: 'b', step: 20 }], ['d', { parent: 'c', step: 50 }]]);
  assert.deepEqual(leaves('b', ['a', 'b'], origins), { parent: 'a', step: 30 });
  assert.deepEqual(leaves('d', ['a', 'd'], origins), { parent: 'a', step: 20 });
  assert.deepEqual(leaves('d', ['a', 'c', 'd'], origins), { parent: 'c', step: 50 });
  assert.equal(leaves('a', ['a', 'd'], origins), null);
  assert.equal(leaves('b', ['b', 'c'], origins), null);
});

test('on its parent’s line a fork begins where it left, and the parent runs through', () => {
  const pairs = [[10, 1], [20, 2], [30, 3], [40, 4]];
  const both = state([run('a', {}, [series('loss.d', pairs)]), run('b', { parent: 'a', parent_step: 20 }, [series('loss.d', pairs)])], { origins: new Map([['b', { parent: 'a', step: 20 }]]) });
  const lines = (align) => Object.fromEntries(linesOf(both, 'loss.d', align, false).map(({ label, steps }) => [label, steps]));
  assert.deepEqual(lines('fork'), { A: [10, 20, 30, 40], B: [30, 40] });
  assert.deepEqual(lines('step'), { A: [10, 20, 30, 40], B: [10, 20, 30, 40] });
  assert.deepEqual(marksOf(both, 'fork').map(({ step, text }) => [step, text]), [[20, 'B leaves A at step 20']]);
  assert.deepEqual(marksOf(both, 'time'), []);
});

test('a bucket in which a fork left is drawn from there on', () => {
  const wide = series('loss.d', [[0, 1], [16, 2], [32, 3]], 16);
  const both = state([run('a', {}, [wide]), run('b', {}, [wide])], { origins: new Map([['b', { parent: 'a', step: 20 }]]) });
  assert.deepEqual(linesOf(both, 'loss.d', 'fork', false)[0].steps, [20, 32]);
});

let count = 0;
const event = (kind, step, time, body = {}, source = 'trainer') => ({ id: `${(count += 1)}-0`, run: 'a', attempt: 1, source, step, time, kind, body });

function clockOf(...events) {
  const clock = newClock();
  for (const each of events) tick(clock, each);
  return clock;
}

test('the time of training leaves out queue and pauses, and takes steps between two events to be equally fast', () => {
  const clock = clockOf(
    event('run.status', null, 0, { status: 'queued' }, 'api'), event('run.status', 0, 100, { status: 'running', from_step: 0 }),
    event('checkpoint.written', 100, 110), event('run.status', 120, 112, { status: 'paused' }),
    event('run.status', 120, 1000, { status: 'running' }), event('checkpoint.written', 200, 1004),
  );
  assert.deepEqual([0, 50, 100, 110, 120, 160, 200].map((step) => timeOf(clock, step)), [0, 5000, 10_000, 11_000, 12_000, 14_000, 16_000]);
  assert.deepEqual([timeOf(clock, 201), timeOf(clock, -1)], [null, null], 'what is not known is not guessed');
  assert.deepEqual([-1, 0, 5000, 15_999, 16_000, 99_999].map((ms) => stepBy(clock, ms)), [null, 0, 50, 199, 200, 200]);
});

test('an attempt that goes on from a checkpoint has lost the steps after it, and not the time', () => {
  const clock = clockOf(
    event('run.status', 0, 0, { status: 'running', from_step: 0 }), event('checkpoint.written', 100, 10), event('checkpoint.written', 200, 20),
    event('run.status', null, 21, { status: 'lost' }), event('run.status', 100, 90, { status: 'running', from_step: 100 }), event('checkpoint.written', 200, 95),
  );
  assert.deepEqual([50, 100, 200].map((step) => timeOf(clock, step)), [10_500, 21_000, 26_000]);
});

test('an event that came before is not counted twice, and a fork’s time begins with the fork', () => {
  const clock = newClock();
  const began = event('run.status', 500, 0, { status: 'running', from_step: 500 });
  const later = event('scalars', 510, 1);
  for (const each of [began, later, later, began]) tick(clock, each);
  assert.deepEqual([clock.steps, clock.times], [[500, 510], [0, 1000]]);
  const one = state([run('a', {}, [series('loss.d', [[400, 1], [500, 2], [505, 3]])])], { clocks: new Map([['a', clock]]) });
  const [line] = linesOf(one, 'loss.d', 'time', false);
  assert.deepEqual([line.steps, line.last], [[0, 500], [2, 3]]);
  assert.deepEqual(wholeRange(one, 'time'), [0, 1000]);
});

test('an axis of time has round ticks with words', () => {
  assert.deepEqual(timeTicks([0, 6000], 800).ticktext, ['0', '1 s', '2 s', '3 s', '4 s', '5 s', '6 s']);
  assert.deepEqual(timeTicks([0, 7_200_000], 400).ticktext, ['0', '30 min', '1 h', '1 h 30 min', '2 h']);
  assert.ok(timeTicks([0, 1e12], 800).tickvals.length < 200);
  assert.deepEqual([0, 250, 1500, 3000, 60_000].map(timeWords), ['0', '250 ms', '1.5 s', '3 s', '1 min']);
  const { layout } = figure([], { uirevision: '', colours: { roles: {} }, width: 800, height: 200, xRange: [0, 2000], yRange: [0, 1], isTime: true });
  assert.deepEqual(layout.xaxis.ticktext.at(-1), '2 s');
});

const spec = (more = {}) => ({ dataset: { name: 'ring' }, loss: { name: 'hinge', margin: 1 }, regularisers: [{ name: 'r1', weight: 1 }], optimisers: { G: { name: 'adam', lr: 1e-3 } }, game: { d_steps: 1 }, steps: 100, seed: 0, monitors: null, plan: [], ...more });

test('params have the names of their knobs; what is equal is told from what is not, and what is missing is no 0', () => {
  assert.equal(paramsOf(spec()).get('optimiser.g.lr'), '0.001');
  const rows = specRows([spec(), spec({ regularisers: [{ name: 'r1', weight: 5, as: 'mine' }], seed: 3 })]);
  const differing = rows.filter(({ isSame }) => !isSame).map(({ name, texts }) => [name, ...texts]);
  assert.deepEqual(differing.sort(), [['mine', '–', 'r1'], ['mine.weight', '–', '5'], ['r1', 'r1', '–'], ['r1.weight', '1', '–'], ['seed', '0', '3']]);
  assert.equal(rows.filter(({ isSame }) => isSame).length, rows.length - 5);
  assert.ok(rows.some(({ name, isSame }) => name === 'game.d_steps' && isSame));
});

test('knobs that were turned are told with their step, and by whom unless it was a person; refused ones are not', () => {
  const [a, b] = [run('a'), run('b')];
  const item = (more) => ({ request_id: 'x', kind: 'knob', name: 'r1.weight', old: 1, new: 2, author: 'page', outcome: 'applied', step: 7, ...more });
  a.ledger.set('1', item({}));
  a.ledger.set('2', item({ old: 2, new: 0, step: 9, author: 'rule pulse' }));
  a.ledger.set('3', item({ outcome: 'refused' }));
  assert.deepEqual(turnedRows([a, b]), [{ name: 'r1.weight', isSame: false, texts: ['1 → 2 @7, 2 → 0 @9 (rule pulse)', '–'] }]);
  assert.deepEqual(marksOf(state([a, b]), 'step').map(({ step, text }) => [step, text]), [[7, 'A: r1.weight 1 → 2 at step 7'], [9, 'A: r1.weight 2 → 0 at step 9']]);
});

test('the best is marked only where the series says what is better, and never a NaN or a tie', () => {
  assert.equal(bestOf([1, 3, NaN], 'good'), 3);
  assert.equal(bestOf([1, 3, Infinity], 'bad'), 1);
  assert.equal(bestOf([1, 3], 'neither'), null);
  assert.equal(bestOf([2, 2], 'good'), null);
  assert.equal(bestOf([null, 2], 'good'), null);
});

test('measurements are the last ones, or those by each run’s own step; not measured by then is unknown', () => {
  const made = (id, value) => {
    const open = run(id, { latest: { 'modes.captured': value } }, [series('modes.captured', [[10, 1], [20, value]])]);
    open.infos.set('modes.captured', { name: 'modes.captured', kind: 'scalar', high_is: 'good' });
    return open;
  };
  const opens = [made('a', 5), made('b', 7)];
  const cells = (steps) => measurements(opens, [], steps)[0].cells.map(({ value, step, isBest }) => [value, step, isBest]);
  assert.deepEqual(cells(null), [[5, 20, false], [7, 20, true]]);
  assert.deepEqual(cells([25, 15]), [[5, 20, true], [1, 10, false]]);
  assert.deepEqual(cells([null, 5]), [[null, null, false], [null, null, false]]);
  opens[0].lastValues.set('modes.captured', NaN);
  assert.ok(Number.isNaN(cells(null)[0][0]), 'NaN stays');
});

test('samples are the newest at or before the cursor; before the first there are none', () => {
  const open = run('a');
  open.clouds.set('points', [0, 50, 100]);
  open.newestCloud.set('points', { step: 100, body: { generated: [] } });
  assert.deepEqual(pictureAt(open, 99), { series: 'points', kind: 'points', step: 50 });
  assert.deepEqual(pictureAt(open, Infinity), { series: 'points', kind: 'points', step: 100, body: { generated: [] } });
  open.pictures.set('samples', [60]);
  assert.equal(pictureAt(open, 99)?.kind, 'grid');
  assert.equal(pictureAt(open, 59)?.step, 50);
  assert.equal(pictureAt(run('b'), Infinity), null);
});

test('what is saved of a compared chart names each run, and has a forks own steps alone', () => {
  const pairs = [[10, 1], [20, NaN], [30, 3]];
  const both = state([run('a', { name: 'first' }, [series('loss.d', pairs)]), run('b', { parent: 'a', parent_step: 10 }, [series('loss.d', pairs)])], { origins: new Map([['b', { parent: 'a', step: 10 }]]) });
  const [saving] = compareSavings({ compare: both, name: 'loss.d', align: 'fork', isZoomed: false, drawn: { data: [], layout: { xaxis: { range: [0, 25] } }, notes: [] }, colours: {} });
  const [head, ...rows] = saving.csv().trim().split('\n').map((row) => row.split(','));
  assert.equal(head[0], 'step');
  assert.equal(head.length, 9);
  assert.ok(head[1].startsWith('loss.d of A first · a min') && head[5].startsWith('loss.d of B '), head.join());
  assert.deepEqual(rows.map((row) => [row[0], row[3], row[7]]), [['10', '1', ''], ['20', 'NaN', 'NaN']], 'up to the end of what is shown');
});
