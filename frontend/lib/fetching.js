// @ts-check
/** How several answers are fetched, and what a missing one means. No state, no drawing. */

import { Problem } from './connection.js';

/** Series fetched at the same time; a browser allows six connections, of which the stream holds one. */
const PARALLEL = 4;

/**
 * @template T, R
 * @param {T[]} items
 * @param {(item: T) => Promise<R>} task
 * @returns {Promise<R[]>} in the items' order
 */
export async function inParallel(items, task) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const take = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await task(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, take));
  return results;
}

/**
 * A series that was announced, and of which nothing is recorded yet.
 * @param {unknown} error
 * @returns {null}
 */
export function noneYet(error) {
  if (error instanceof Problem && error.status === 404) return null;
  throw error;
}
