// What the page's unit tests use of `node:test`, for a browser: no Node is needed to run them.

/** @type {{name: string, body: () => unknown}[]} */
const tests = [];

/** @param {string} name @param {() => unknown} body */
export function test(name, body) {
  tests.push({ name, body });
}

export const it = test;

/** A group: its name is put before those of its tests. @param {string} name @param {() => void} body */
export function describe(name, body) {
  const first = tests.length;
  body();
  for (const one of tests.slice(first)) one.name = `${name}: ${one.name}`;
}

/** Runs what has been registered, in order. @returns {Promise<{name: string, error: string | null}[]>} */
export async function run() {
  const results = [];
  for (const { name, body } of tests) {
    try {
      await body();
      results.push({ name, error: null });
    } catch (error) {
      results.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  return results;
}

export default test;
