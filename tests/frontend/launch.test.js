// Beside the launch form: when the api is asked about a spec, and what a run will cost in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { costWords } from '../../frontend/lib/cost.js';
import { createChecker } from '../../frontend/lib/spec_check.js';

/** A checker whose pauses and answers happen when the test says so. */
function played() {
  const [heard, errors, asked, timers] = [[], [], [], []];
  const checker = createChecker({
    ask: (body) => new Promise((resolve, reject) => asked.push({ body, resolve, reject })),
    onAnswer: (answer, body) => heard.push([answer, body]),
    onError: (error) => errors.push(error.message),
    later: (task) => timers.push(task) - 1,
    cancel: (timer) => (timers[timer] = null),
  });
  return { checker, heard, errors, asked, pause: () => timers.splice(0).forEach((task) => task?.()) };
}
const soon = () => new Promise((resolve) => setImmediate(resolve));

test('a spec is asked about once, when the typing pauses', async () => {
  const { checker, asked, heard, pause } = played();
  for (const text of ['s', 'st', 'steps']) checker.about(text);
  assert.deepEqual(asked, []);
  pause();
  assert.deepEqual(asked.map(({ body }) => body), ['steps']);
  asked[0].resolve('fine');
  await soon();
  assert.deepEqual(heard, [['fine', 'steps']]);
});

test('an answer or an error that comes after a newer question is not heard', async () => {
  const { checker, asked, heard, errors, pause } = played();
  checker.about('first');
  pause();
  checker.about('second');
  asked[0].resolve('late');
  pause();
  checker.about('third');
  asked[1].reject(new Error('late too'));
  pause();
  asked[2].resolve('newest');
  await soon();
  assert.deepEqual([heard, errors], [[['newest', 'third']], []]);
});

test('whoever must know waits for the answer, without the pause', async () => {
  const { checker, asked, heard } = played();
  checker.about('steps');
  const settled = checker.settled();
  assert.equal(asked.length, 1);
  asked[0].resolve('fine');
  await settled;
  assert.deepEqual(heard, [['fine', 'steps']]);
});

test('a page that was left asks and hears nothing', async () => {
  const { checker, asked, heard, pause } = played();
  checker.about('one');
  pause();
  checker.about('two');
  checker.stop();
  pause();
  asked[0].resolve('late');
  await soon();
  assert.deepEqual([asked.length, heard], [1, []]);
});

const SEEN = { device: 'cpu', n_runs: 3, basis: 'with the same networks', steps_per_s: 83, low_per_s: 80, high_per_s: 160, seconds: 241, checkpoint_bytes: 2_400_000 };

test('a cost says its range and what it is based on', () => {
  assert.deepEqual(costWords(SEEN, 20_000, 'two minutes'), {
    lead: 'about 4 min (2 min to 4 min)',
    basis: '80 to 160 steps/s seen in 3 earlier runs on the CPU, with the same networks. A checkpoint takes 2.40 MB.',
  });
});

test('one run has no range, and a GPU its name', () => {
  const one = { ...SEEN, n_runs: 1, low_per_s: 83, high_per_s: 83, device: 'NVIDIA H100', checkpoint_bytes: null };
  assert.deepEqual(costWords(one, 20_000, null), { lead: 'about 4 min', basis: '83 steps/s seen in one earlier run on NVIDIA H100, with the same networks.' });
});

test('what nobody has seen is a dash, never 0', () => {
  const none = { device: 'cpu', n_runs: 0, basis: 'none' };
  assert.deepEqual(costWords(none, 100, 'under a minute'), { lead: '–', basis: 'No run like this was seen on this device yet. The recipe says: under a minute.' });
  assert.equal(costWords(null, 100, null).lead, '–');
});
