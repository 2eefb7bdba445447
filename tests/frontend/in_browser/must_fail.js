// Every test here but the first fails under Node; test_units.py checks that each does in the browser too.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

test('this one passes', () => {
  assert.deepEqual([NaN, { a: [1, undefined] }, new Map([['k', new Set([1])]])], [NaN, { a: [1, undefined] }, new Map([['k', new Set([1])]])]);
  assert.throws(() => { throw new RangeError('too far'); }, RangeError);
});
test('types differ', () => assert.equal(1, '1'));
test('zero has a sign', () => assert.equal(0, -0));
test('undefined is not missing', () => assert.deepEqual({ a: undefined }, {}));
test('null is not undefined', () => assert.deepEqual([null], [undefined]));
test('prototypes differ', () => assert.deepEqual(new Float64Array([1]), [1]));
test('lengths differ', () => assert.deepEqual([1, 2], [1]));
test('maps differ', () => assert.deepEqual(new Map([['k', 1]]), new Map([['k', 2]])));
test('nothing is thrown', () => assert.throws(() => 1));
test('something else is thrown', () => assert.throws(() => { throw new Error('left'); }, /right/));
test('falsy', () => assert.ok(0));
test('later', async () => assert.rejects(Promise.resolve(1)));
describe('group', () => test('in a group', () => assert.match('abc', /d/)));
