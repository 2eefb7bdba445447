// @ts-check
/** What the workers announced: components and recipes. */

import { get, Problem } from './connection.js';

/**
 * Fetch the catalogue into the store; where none can be had the store says why.
 * @param {import('./store.js').Store} store
 * @throws {Problem} when there is no session
 */
export async function loadCatalogue(store) {
  try {
    const catalogue = await get('/catalogue');
    store.change(['catalogue'], (state) => Object.assign(state, { catalogue, catalogueProblem: null }));
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 401) throw error;
    store.change(['catalogue'], (state) => Object.assign(state, { catalogueProblem: error.message }));
  }
}
