// @ts-check
/**
 * Spectra, eigenvalues and densities of the open run: fetched when they are shown, and from then on kept up to date
 * by the stream. A run may have a hundred such series, so those that nobody looks at are not held.
 */

import { getMeasurement, getSeries } from './connection.js';
import { inParallel, noneYet } from './fetching.js';
import { emptyLooks, holdBody, looksFrom } from './looks.js';
import { replayLooks } from './reduce.js';

/** Kinds of event that are looks. */
const KINDS = new Set(['spectrum', 'eigenvalues', 'density']);

/** Measurements asked for a chart over steps: each is a column of two pixels or more. */
const MOST_LOOKS = 150;

/** Events of those kinds kept to fill a series that is asked for later. */
const RECENT = 400;

/**
 * @typedef {object} LiveLooks
 * @property {(event: import('./types.js').RunEvent) => void} keep what came by the stream
 * @property {(open: import('./store.js').RunState) => Promise<void>} reload what is shown, into a new state of the run
 * @property {(names: string[]) => Promise<void>} show fetch these series, and keep them up to date
 * @property {(name: string, step: number) => Promise<void>} at fetch what one measured at one step
 * @property {(name: string, range: [number, number]) => Promise<void>} within fetch more of one in a range
 */

/**
 * @param {import('./store.js').Store} store
 * @param {string} id
 * @param {(error: unknown) => void} recover
 * @returns {LiveLooks}
 */
export function liveLooks(store, id, recover) {
  /** @type {import('./types.js').RunEvent[]} */
  const recent = [];
  /** @type {Set<string>} */
  const underWay = new Set();

  /** @param {string} name @param {string} key @param {() => Promise<void>} task */
  const once = async (name, key, task) => {
    if (underWay.has(`${name} ${key}`)) return;
    underWay.add(`${name} ${key}`);
    await task().catch(recover).finally(() => underWay.delete(`${name} ${key}`));
  };

  /** @param {import('./store.js').RunState} open @param {string} name */
  const load = async (open, name) => {
    await loadLooks(open, name);
    replayLooks(open, name, recent);
    store.change(['looks'], () => {});
  };

  return {
    keep: (event) => {
      if (KINDS.has(event.kind)) recent.push(event);
      if (recent.length > RECENT) recent.shift();
    },
    reload: async (open) => {
      recent.length = 0;
      await inParallel([...(store.state.open?.looks.keys() ?? [])], (name) => loadLooks(open, name));
    },
    show: async (names) => {
      const { open } = store.state;
      if (open === null) return;
      const missing = names.filter((name) => !open.looks.has(name));
      await inParallel(missing, (name) => once(name, 'all', () => load(open, name)));
    },
    at: (name, step) => once(name, String(step), async () => {
      const looks = store.state.open?.looks.get(name);
      const body = await getMeasurement(id, name, step).catch(noneYet);
      if (body !== null && looks?.steps.includes(step)) store.change(['looks'], () => holdBody(looks, step, body));
    }),
    within: (name, [from, to]) => once(name, `${from} ${to}`, async () => {
      const looks = store.state.open?.looks.get(name);
      const answer = await getSeries(id, name, { from: Math.max(0, Math.floor(from)), to: Math.ceil(to), looks: MOST_LOOKS }).catch(noneYet);
      if (looks === undefined || answer === null) return;
      const found = looksFrom(answer).bodies;
      store.change(['looks'], () => found.forEach((body, step) => looks.steps.includes(step) && holdBody(looks, step, body)));
    }),
  };
}

/**
 * All steps, and the measurements at some of them; of a density, whose chart shows one step, the newest alone.
 * @param {import('./store.js').RunState} open
 * @param {string} name
 */
async function loadLooks(open, name) {
  const kind = open.infos.get(name)?.kind ?? 'spectrum';
  const answer = await getSeries(open.run.id, name, { looks: kind === 'density' ? 1 : MOST_LOOKS }).catch(noneYet);
  open.looks.set(name, answer === null ? emptyLooks(name, kind, open.run.cursor) : looksFrom(answer));
}
