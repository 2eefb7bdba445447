import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromSearch, toSearch } from '../../frontend/lib/address.js';

const NOTHING = { cursor: null, range: null, choice: {}, log: {} };

test('a page as it is has nothing in its address', () => {
  assert.equal(toSearch(NOTHING), '');
  assert.deepEqual(fromSearch(''), NOTHING);
});

test('what is shown comes back from its address, in less than two hundred characters', () => {
  const view = {
    cursor: 123_456, range: /** @type {[number, number]} */ ([1000, 999_000]),
    choice: { scores: 'quality', other: 'hessian.g products', spectrum: 'spectrum.d.*.sigma_1' }, log: { losses: true, gradients: false },
  };
  const text = toSearch(view);
  assert.deepEqual(fromSearch(text), view);
  assert.ok(text.length < 200, text);
});

test('a zoom between steps is one of whole steps', () => {
  assert.equal(toSearch({ ...NOTHING, range: [10.4, 99.6] }), '?zoom=10-100');
});

for (const text of ['?t=-1', '?t=abc', '?t=1e9', '?zoom=5-5', '?zoom=9-1', '?zoom=1-x', '?show=scores', '?show=:x', '?t=99999999999999']) {
  test(`${text} is as if it had not been there`, () => assert.deepEqual(fromSearch(text), NOTHING));
}

test('a name of the language’s own does no harm', () => {
  const { choice, log } = fromSearch('?show=__proto__:x&log=__proto__');
  assert.equal(Object.getPrototypeOf(choice), Object.prototype);
  assert.equal(Object.getPrototypeOf(log), Object.prototype);
});
