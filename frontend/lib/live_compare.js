// @ts-check
/** Keeps the runs of the open comparison in step with the server: a snapshot of each, then one stream for all of them. */

import { tick } from './clock.js';
import { stepAtAxis } from './compare.js';
import { loadRun, originsOf } from './compare_snapshot.js';
import { getSeries, openStream, Problem } from './connection.js';
import { oldest } from './cursor.js';
import { inParallel } from './fetching.js';
import { changeState } from './live.js';
import { applyEvent, replayScalars } from './reduce.js';
import { needsSnapshot, scalarLoader } from './scalar_loader.js';
import { bucketsFrom } from './series.js';
import { BUCKETS, snapshotEnd } from './snapshot.js';

/** Batches of scalars kept to fill a series that is asked for later: those of a minute, from six runs. */
const RECENT = 3600;
const RETRY_MS = 2000;

/**
 * @typedef {import('./store.js').RunState} RunState
 * @typedef {import('./compare.js').CompareState} CompareState
 *
 * @typedef {object} FollowingRuns
 * @property {() => void} stop
 * @property {(names: string[]) => Promise<void>} want fetch these series of all runs, and keep them up to date
 * @property {() => Promise<void>} zoom fetch finer buckets of the zoomed range
 */

/**
 * @param {import('./store.js').Store} store
 * @param {import('./compare.js').Wanted} wanted
 * @param {(names: string[]) => string[]} charted of the series that there are, those that are shown
 * @param {() => import('./compare.js').Align} align
 * @param {(problem: Problem) => void} onProblem only what no retry can mend: no session
 * @returns {FollowingRuns}
 */
export function followRuns(store, { runs, refused }, charted, align, onProblem) {
  let isStopped = false;
  let timer = 0;
  let close = () => {};
  /** @type {import('./types.js').RunEvent[]} */
  let recent = [];
  const put = (/** @type {CompareState | null} */ state) => store.change(['compare'], (all) => (all.compare = state));

  const load = async () => {
    const found = await inParallel(runs, loadRun);
    /** @type {CompareState} */
    const state = { ids: [], opens: new Map(), clocks: new Map(), missing: [], refused, origins: new Map(), names: [] };
    for (const [index, one] of found.entries()) {
      if (one instanceof Problem) state.missing.push({ id: runs[index], message: one.message });
      else {
        state.ids.push(runs[index]);
        state.opens.set(runs[index], one.open);
        state.clocks.set(runs[index], one.clock);
      }
    }
    state.origins = await originsOf(state);
    const scalars = [...state.opens.values()].flatMap(({ infos }) => [...infos.values()].filter(({ kind }) => kind === 'scalar'));
    state.names = [...new Set(scalars.map(({ name }) => name))].sort();
    recent = [];
    await fill(state, charted(state.names));
    if (isStopped) return;
    close();
    put(state);
    if (state.ids.length > 0) close = listen(state);
  };

  /** @param {CompareState} state */
  const listen = (state) => {
    const attempts = new Map(state.ids.map((id) => [id, state.opens.get(id)?.run.attempt ?? 1]));
    return openStream(state.ids, oldest([...state.opens.values()].map(snapshotEnd)), {
      onEvent: (event) => {
        const open = state.opens.get(event.run);
        const clock = state.clocks.get(event.run);
        if (open === undefined || clock === undefined) return;
        tick(clock, event);
        applyEvent(open, event);
        if (event.kind === 'scalars') recent.push(event);
        if (recent.length > RECENT) recent.shift();
        store.change(['compare'], () => {});
        if (needsSnapshot(open, event, attempts.get(event.run) ?? 1)) again();
      },
      onState: (to) => store.change(['stream'], ({ stream }) => changeState(stream, to)),
      onLost: () => later(),
    });
  };

  /** Series that are not there yet. @param {CompareState} state @param {string[]} names */
  const fill = async (state, names) => {
    const pairs = [...state.opens.values()].flatMap((open) => names.filter((name) => !open.scalars.has(name)).map((name) => ({ open, name })));
    await inParallel(pairs, ({ open, name }) => scalar(open, name).then(() => replay(open, name)));
  };
  const replay = (/** @type {RunState} */ open, /** @type {string} */ name) => replayScalars(open.scalars.get(name), recent.filter(({ run }) => run === open.run.id));
  const zoom = async () => {
    const { compare, view: { range } } = store.state;
    if (compare === null || range === null) return;
    const pairs = [...compare.opens].flatMap(([id, open]) => charted(compare.names).flatMap((name) => {
      const [from, to] = range.map((at) => stepAtAxis(compare, align(), id, at));
      const isCoarse = (open.scalars.get(name)?.bucketSteps ?? 1) > 1;
      return !isCoarse || to === null ? [] : [{ open, name, query: { from: Math.max(0, Math.floor(from ?? 0)), to: Math.ceil(to), buckets: BUCKETS } }];
    }));
    const found = await inParallel(pairs, async ({ open, name, query }) => ({ open, buckets: bucketsFrom(await getSeries(open.run.id, name, query)) }));
    if (store.state.compare !== compare || store.state.view.range !== range) return;
    for (const { open, buckets } of found) {
      replayScalars(buckets, recent.filter(({ run }) => run === open.run.id));
      open.details.set(buckets.name, buckets);
    }
    store.change(['compare'], () => {});
  };

  /** What no retry can mend is handed on; for the rest, everything is asked anew a little later. @param {unknown} error */
  const recover = (error) => {
    if (!(error instanceof Problem)) throw error;
    if (isStopped) return;
    if (error.status === 401) {
      onProblem(error);
      return;
    }
    store.change(['stream'], ({ stream }) => changeState(stream, 'retrying'));
    later();
  };
  const again = () => {
    load().catch(recover);
  };
  const isShown = (/** @type {RunState} */ open) => !isStopped && store.state.compare?.opens.get(open.run.id) === open;
  const scalar = scalarLoader(isShown, (open, name) => store.change(['compare'], () => replay(open, name)), recover);
  const later = () => {
    window.clearTimeout(timer);
    if (!isStopped) timer = window.setTimeout(again, RETRY_MS);
  };

  put(null);
  again();
  return {
    stop: () => {
      isStopped = true;
      window.clearTimeout(timer);
      close();
      put(null);
    },
    want: async (names) => {
      const { compare } = store.state;
      if (compare === null) return;
      await fill(compare, names).then(() => store.change(['compare'], () => {}), recover);
    },
    zoom: () => zoom().catch(recover),
  };
}
