// What the page's unit tests use of `node:assert/strict`, for a browser: same names, same strictness.

export class AssertionError extends Error {}

/** @param {unknown} value */
function shown(value) {
  return JSON.stringify(value, (_, part) => (typeof part === 'number' && !Number.isFinite(part) ? String(part) : part)) ?? String(value);
}

/** @param {unknown} condition @param {string | undefined} message @param {string} otherwise */
function check(condition, message, otherwise) {
  if (!condition) throw new AssertionError(message ?? otherwise);
}

/** Alike in type, prototype, keys and values; NaN is NaN, and 0 is not -0. @param {any} a @param {any} b @returns {boolean} */
function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof Map) return a.size === b.size && [...a].every(([key, value]) => b.has(key) && same(value, b.get(key)));
  if (a instanceof Set) return a.size === b.size && [...a].every((value) => b.has(value));
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** Whether an error is the expected one. @param {any} error @param {any} expected */
function fits(error, expected) {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === 'function' && expected.prototype !== undefined) return error instanceof expected;
  if (typeof expected === 'function') return expected(error) === true;
  return Object.entries(expected).every(([key, value]) => (value instanceof RegExp ? value.test(error[key]) : same(error[key], value)));
}

/** @param {unknown} value @param {string} [message] */
export const ok = (value, message) => check(value, message, `${shown(value)} is not truthy`);
/** @param {unknown} a @param {unknown} b @param {string} [message] */
export const equal = (a, b, message) => check(Object.is(a, b), message, `${shown(a)} is not ${shown(b)}`);
/** @param {unknown} a @param {unknown} b @param {string} [message] */
export const notEqual = (a, b, message) => check(!Object.is(a, b), message, `both are ${shown(a)}`);
/** @param {unknown} a @param {unknown} b @param {string} [message] */
export const deepEqual = (a, b, message) => check(same(a, b), message, `${shown(a)}\n  is not\n${shown(b)}`);
/** @param {unknown} a @param {unknown} b @param {string} [message] */
export const notDeepEqual = (a, b, message) => check(!same(a, b), message, `both are ${shown(a)}`);
/** @param {string} text @param {RegExp} pattern @param {string} [message] */
export const match = (text, pattern, message) => check(pattern.test(text), message, `${shown(text)} does not match ${pattern}`);
/** @param {string} text @param {RegExp} pattern @param {string} [message] */
export const doesNotMatch = (text, pattern, message) => check(!pattern.test(text), message, `${shown(text)} matches ${pattern}`);
/** @param {string} [message] */
export const fail = (message) => check(false, message, 'failed');

/** @param {() => unknown} body @param {unknown} [expected] */
export function throws(body, expected) {
  try {
    body();
  } catch (error) {
    check(fits(error, expected), undefined, `threw something else: ${error}`);
    return;
  }
  fail('did not throw');
}

/** @param {Promise<unknown> | (() => Promise<unknown>)} work @param {unknown} [expected] */
export async function rejects(work, expected) {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    check(fits(error, expected), undefined, `was refused with something else: ${error}`);
    return;
  }
  fail('was not refused');
}

export const strictEqual = equal;
export const notStrictEqual = notEqual;
export const deepStrictEqual = deepEqual;
export default Object.assign(ok, {
  AssertionError, ok, equal, notEqual, deepEqual, notDeepEqual, match, doesNotMatch, fail, throws, rejects, strictEqual, notStrictEqual,
  deepStrictEqual,
});
