// A family as a tree: rows in an order in which no branch crosses another, and what is said of each.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { applyToLineage, branches, branchWords, differsWords, familyWords, lastStep, ticks } from '../../frontend/lib/lineage.js';

let born = 0;
const run = (id, parent = null, step = null, more = {}) => ({ id, name: id, status: 'finished', step: 100, steps: 100, parent, parent_step: step, birth: parent === null ? 'launch' : 'fork', differs: [], created_at: (born += 1), ...more });
const family = (...runs) => ({ root: runs[0].id, runs, n_left_out: 0, cursor: '100-0' });
const FAMILY = family(run('root'), run('early', 'root', 10), run('late', 'root', 60), run('grandchild', 'early', 30), run('twin', 'root', 60, { birth: 'twin' }));

test('of the forks of one run the latest to leave stands nearest to it', () => {
  const rows = branches(FAMILY);
  assert.deepEqual(rows.map(({ run: { id }, parentRow, from, to, depth }) => [id, parentRow, from, to, depth]), [
    ['root', null, 0, 100, 0], ['late', 0, 60, 100, 1], ['twin', 0, 60, 100, 1], ['early', 0, 10, 100, 1], ['grandchild', 3, 30, 100, 2],
  ]);
});

test('no branch crosses the line of a run between it and its parent, in any of 200 families', () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let turn = 0; turn < 200; turn += 1) {
    const runs = [run('0')];
    for (let n = 1; n < 60; n += 1) {
      const parent = runs[random(runs.length)];
      runs.push(run(String(n), parent.id, Math.max(parent.parent_step ?? 0, random(100))));
    }
    const rows = branches(family(...runs));
    assert.equal(new Set(rows.map(({ run: { id } }) => id)).size, 60);
    rows.forEach(({ parentRow, from }, index) => {
      const between = parentRow === null ? [] : rows.slice(parentRow + 1, index);
      assert.ok(between.every((other) => other.from >= from), `${turn} ${index}`);
    });
  }
});

test('a run whose parent is not named stands by itself, and one that trains has steps to come', () => {
  const rows = branches(family(run('a', 'elsewhere', 40, { status: 'running', step: 50, steps: 200 })));
  assert.deepEqual([rows[0].parentRow, rows[0].to, rows[0].until], [null, 50, 200]);
  assert.equal(lastStep(rows), 200);
  const waiting = branches(family(run('a'), run('b', 'a', 70, { status: 'queued', step: 0 })))[1];
  assert.deepEqual([waiting.from, waiting.to], [70, 70], 'one that waits has no step before its beginning');
});

test('the axis has few round ticks', () => {
  assert.deepEqual(ticks(1800), [0, 500, 1000, 1500]);
  assert.deepEqual(ticks(10), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(1_000_000), [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]);
  for (const last of [10, 11, 99, 101, 12_345]) assert.ok(ticks(last, 3).length <= 4, String(last));
});

test('a branch says what it has otherwise, and in words all that the picture shows', () => {
  const change = { name: 'r1.weight', old: 0, new: 1 };
  assert.equal(differsWords(run('a', 'r', 5, { differs: [change, { name: 'seed', old: null, new: 4 }] })), 'r1.weight 0 → 1, seed – → 4');
  assert.equal(differsWords(run('a', 'r', 5)), 'nothing changed');
  assert.equal(differsWords(run('a', 'r', 5, { birth: 'rewind', differs: [change] })), 'rewind: r1.weight 0 → 1');
  assert.equal(differsWords(run('a')), '');
  const rows = branches(family(run('root'), run('b', 'root', 60, { differs: [change], step: 80 })));
  assert.equal(branchWords(rows[1], rows), 'fork of root at step 60; r1.weight 0 → 1; at step 80 of 100');
  assert.equal(branchWords(rows[0], rows), 'launched; at step 100 of 100');
});

test('how large the family is, and how much of it is not shown', () => {
  assert.match(familyWords(family(run('a'))), /^Nothing goes on from this run yet/);
  assert.equal(familyWords({ ...FAMILY, n_left_out: 3 }), '5 runs, all ended · 3 newer ones are not shown');
  assert.equal(familyWords(family(run('a'), run('b', 'a', 1, { status: 'running' }))), '2 runs, 1 of them not ended');
});

test('events move the family on; one from before changes nothing, and a rewind asks for it anew', () => {
  const living = family(run('a', null, null, { status: 'running', step: 10 }));
  const event = (id, kind, step, body = {}) => ({ id, run: 'a', attempt: 1, source: 'trainer', step, time: 1, kind, body });
  assert.equal(applyToLineage(living, event('99-0', 'scalars', 50)), 'same');
  assert.equal(applyToLineage(living, event('101-0', 'scalars', 50)), 'changed');
  assert.equal(applyToLineage(living, event('102-0', 'scalars', 50)), 'same');
  assert.equal(applyToLineage(living, event('103-0', 'run.status', 20, { status: 'running', from_step: 20 })), 'changed');
  assert.equal(living.runs[0].step, 20, 'it went back');
  assert.equal(applyToLineage(living, event('104-0', 'command.applied', null, { command: 'rewind' })), 'reload');
  assert.equal(applyToLineage(living, { ...event('105-0', 'scalars', 60), run: 'stranger' }), 'same');
});
