// A run beside its twins: which runs those are, where they differ, and what is said of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changedRequests } from '../../frontend/lib/knob_state.js';
import { atWidth, bucketsFrom } from '../../frontend/lib/series.js';
import { areTraining, changeOf, difference, differenceLines, differenceOf, memberLines, membersOf, seriesToShow, verdict, verdictWords } from '../../frontend/lib/twins.js';

/** A series of single points, complete, unless told otherwise. */
function points(pairs, { width = 1, until = Infinity } = {}) {
  const values = pairs.map(([, value]) => value);
  const finite = values.map((value) => (Number.isFinite(value) ? value : NaN));
  const buckets = bucketsFrom({ name: 'loss.g', bucket_steps: width, steps: pairs.map(([step]) => step), min: finite, max: finite, last: values, nonfinite: values.map((value) => (Number.isFinite(value) ? 0 : 1)), cursor: '1-0' });
  return { buckets, until };
}

const from = (first, ...values) => values.map((value, index) => [first + index, value]);
const fork = (id, seed, more = {}) => ({ id, name: id, spec: { seed }, left_out: 'change', parent_step: 10, status: 'running', step: 20, steps: 100, ...more });

test('the band is the greatest distance of a noise twin from the twin, at each step', () => {
  const found = difference(points(from(5, 1, 5, 9)), points(from(5, 1, 2, 3)), [points(from(5, 1, 1, 5)), points(from(5, 1, 4, 2.5))]);
  assert.deepEqual(found, { width: 1, steps: [5, 6, 7], values: [0, 3, 6], band: [0, 2, 2], counts: [2, 2, 2] });
});

test('runs of unequal length are compared where both run and twin were measured', () => {
  const found = difference(points(from(0, 1, 1, 1, 1, 1)), points(from(1, 0, 0, 0)), [points(from(1, 2, 3)), points(from(2, 5))]);
  assert.deepEqual([found.steps, found.values], [[1, 2, 3], [1, 1, 1]]);
  assert.deepEqual([found.band, found.counts], [[2, 5, NaN], [1, 2, 0]], 'the noise twins that were there; none, no band');
  assert.deepEqual(verdict(found, 1), { compared: 2, outside: 0, first: null, nNoise: 2, byChance: 1 / 2 + 1 / 3 });
  assert.equal(verdict({ ...found, counts: [2, 1, 1] }, 2).nNoise, 1, 'one that ended before the change shows nothing');
});

test('points at other steps are not compared with their neighbours', () => {
  const found = difference(points([[0, 1], [50, 2]]), points([[25, 1], [75, 2]]), [points([[25, 3]])]);
  assert.deepEqual(found.steps, []);
  assert.equal(verdictWords(found, 0, false), 'No step since the change was measured in both the run and its twin so far.');
});

test('what is not finite stays so, and is neither inside nor outside', () => {
  const found = difference(points(from(0, NaN, 5, 5, Infinity)), points(from(0, 1, NaN, 1, 1)), [points(from(0, 2, 2, Infinity, 2)), points(from(0, 2, 2, 2, 2))]);
  assert.deepEqual(found.values, [NaN, NaN, 4, Infinity]);
  assert.deepEqual(found.band, [1, NaN, NaN, 1], 'a noise twin that blew up has no distance');
  assert.deepEqual(verdict(found, 0), { compared: 0, outside: 0, first: null, nNoise: 2, byChance: 0 });
  assert.equal(verdictWords(found, 0, true), 'At no step since the change are both the difference and its band known.');
});

test('without noise twins there is a difference and no band, and the words say what that is worth', () => {
  const found = difference(points(from(0, 3, 3)), points(from(0, 1, 1)), []);
  assert.deepEqual([found.values, found.band, found.counts], [[2, 2], [NaN, NaN], [0, 0]]);
  assert.match(verdictWords(found, 0, true), /^No twin of another seed .* cannot be told from chance\.$/);
  const [noise] = differenceLines(found);
  assert.ok(noise.last.every(Number.isNaN));
});

test('buckets of other widths are brought to the widest; one bucket is enough', () => {
  const wide = points([[0, 8]], { width: 8 });
  const found = difference(wide, points(from(0, 0, 1, 2, 3, 4, 5, 6, 7)), [points([[0, 1], [4, 9]], { width: 4 })]);
  assert.deepEqual(found, { width: 8, steps: [0], values: [1], band: [2], counts: [1] });
  assert.equal(wide.buckets.bucketSteps, 8);
});

test('a bucket that a run is still in is not compared: its last values are of other steps', () => {
  const run = points([[0, 1], [4, 2], [8, 3]], { width: 4 });
  const behind = points(from(0, 0, 0, 0, 0, 0, 0), { until: 5 });
  assert.deepEqual(difference(run, behind, []).steps, [0]);
  assert.deepEqual(difference(run, { ...behind, until: 7 }, []).steps, [0, 4]);
  assert.deepEqual(difference(run, behind, [points([[0, 1], [4, 9]], { width: 4, until: 6 })]).band, [1]);
});

test('widening a series leaves it as it was', () => {
  const { buckets } = points(from(0, 1, 2, 3, 4));
  assert.deepEqual([atWidth(buckets, 4).steps, atWidth(buckets, 4).last, atWidth(buckets, 4).min], [[0], [4], [1]]);
  assert.deepEqual([buckets.bucketSteps, buckets.steps], [1, [0, 1, 2, 3]]);
  assert.deepEqual(atWidth(buckets, 1), buckets);
});

test('the verdict counts from the change on, and the edge of the band is inside', () => {
  const found = { width: 1, steps: [1, 2, 3, 4, 5], values: [9, 0, -3, 2, -2], band: [1, 1, 2, 2, 1], counts: [3, 3, 3, 3, 3] };
  const said = { compared: 4, outside: 2, first: 3, nNoise: 3, byChance: 1 };
  assert.deepEqual(verdict(found, 2), said);
  assert.deepEqual(verdict({ ...found, width: 4, steps: [0, 4, 8, 12, 16] }, 6), { ...said, first: 8 }, 'the bucket that holds the change counts');
  assert.equal(verdict({ ...found, width: 4, steps: [0, 4, 8, 12, 16], values: [0, 9, 0, 0, 0] }, 6).first, 6, 'not before the change');
});

test('the words say on how many of the steps it leaves the band, and that it is no test', () => {
  const found = { width: 1, steps: [1, 2, 3, 4], values: [0, 0, 3, 3], band: [1, 1, 1, 1], counts: [2, 2, 2, 2] };
  assert.equal(verdictWords(found, 1, true), 'The difference leaves the band on 2 of the 4 steps compared since the change (50 %), first at step 3. Had the change done no more than another seed does, it would leave it on at most about 33 %. Two twins of other seeds are a glimpse of the noise, and no test.');
  assert.match(verdictWords({ ...found, values: [0, 0, 0, 0] }, 1, false), /^The difference does not leave the band on any of the 4 steps compared since the change so far\./);
  assert.match(verdictWords({ ...found, width: 16, counts: [1, 1, 1, 1] }, 1, true), /2 of the 4 stretches of 16 steps .* about 50 %\. One twin of another seed is a glimpse/);
});

test('the twin is the fork with the same seed; forks without another change are none of it', () => {
  const run = fork('r', 7, { left_out: null });
  const forks = [fork('other', 7, { left_out: 'another' }), fork('plain', 7, { left_out: null }), fork('n1', 8), fork('t', 7), fork('n2', 9)];
  assert.deepEqual(membersOf(run, forks, 'change').map(({ part, label, run: { id } }) => [part, label, id]), [
    ['run', 'run', 'r'], ['twin', 'twin', 't'], ['noise', 'seed 8', 'n1'], ['noise', 'seed 9', 'n2'],
  ]);
  assert.deepEqual(membersOf(run, [], 'change').map(({ part }) => part), ['run']);
  assert.ok(areTraining(membersOf(run, forks, 'change')));
  assert.ok(!areTraining(membersOf(fork('r', 7, { status: 'finished' }), [fork('t', 7, { status: 'failed' })], 'change')));
});

test('the run is drawn in front, and one that has no series is not drawn', () => {
  const members = membersOf(fork('r', 7), [fork('t', 7), fork('n', 8)], 'change');
  const { buckets } = points(from(0, 1));
  const lines = memberLines(members, new Map([['r', buckets], ['n', buckets]]));
  assert.deepEqual(lines.map(({ label, role }) => [label, role]), [['seed 8', 'noise'], ['run', 'D']]);
  assert.equal(differenceOf(members, new Map([['r', buckets], ['n', buckets]])), null);
});

test('a twin that trains is compared as far as it has come', () => {
  const members = membersOf(fork('r', 7, { step: 100 }), [fork('t', 7, { step: 5 })], 'change');
  const scalars = new Map([['r', points([[0, 1], [4, 2]], { width: 4 }).buckets], ['t', points(from(0, 0, 0, 0, 0, 0, 0)).buckets]]);
  assert.deepEqual(differenceOf(members, scalars)?.steps, [0]);
});

test('modes captured are shown first, then the loss of G, then whatever there is; the address wins', () => {
  assert.equal(seriesToShow(['loss.g', 'modes.captured'], null), 'modes.captured');
  assert.equal(seriesToShow(['loss.g', 'modes.captured'], 'loss.g'), 'loss.g');
  assert.equal(seriesToShow(['a', 'loss.g'], 'nothing'), 'loss.g');
  assert.equal(seriesToShow(['a'], null), 'a');
  assert.equal(seriesToShow([], 'a'), null);
});

const item = (request, name, more = {}) => ({ request_id: request, kind: 'knob', name, old: 0, new: 1, outcome: 'applied', step: 5, ...more });

test('a request is one change, however many knobs it turned; what did not happen is none', () => {
  const ledger = [item('b', 'lr'), item('b', 'weight'), item('c', 'weight', { outcome: 'refused' }), item('d', 'pause', { kind: 'command' }), item('e', 'lr', { old: 1 }), item('a', 'lr')];
  assert.deepEqual(new Set(changedRequests(ledger)), new Set([ledger[0], ledger[5]]));
  assert.deepEqual(changeOf(ledger, 'b').map(({ name }) => name), ['lr', 'weight']);
  assert.deepEqual(changeOf(ledger, 'c'), []);
});
