// @ts-check
/** Keeps the list of runs in step with the server: one answer, then everybody's events. */

import { get, openStream, Problem } from './connection.js';
import { oldest } from './cursor.js';
import { changeState } from './live.js';
import { applyToOverview, overviewFrom } from './overview.js';
import { applyEvent, openRun } from './reduce.js';

/** Runs asked at a time. */
const LIMIT = 50;

/** Buckets of a sparkline: one in two pixels of its cell. */
const SPARKLINE = 60;

/** An event of a run that is not in the list yet: the list is asked again after this. */
const SETTLE_MS = 300;
const RETRY_MS = 2000;

/**
 * @param {import('./store.js').Store} store
 * @param {(problem: Problem) => void} onProblem
 * @returns {{stop: () => void, more: () => Promise<void>}}
 */
export function followList(store, onProblem) {
  let isStopped = false;
  let timer = 0;
  let close = () => {};

  const load = async () => {
    const answer = await get('/runs', { limit: LIMIT, sparkline: SPARKLINE });
    if (isStopped) return;
    store.change(['runs'], (state) => {
      const known = new Set(answer.items.map((/** @type {any} */ { id }) => id));
      const older = (state.runs ?? []).filter(({ id }) => !known.has(id));
      const isFirst = state.runs === null;
      Object.assign(state, { runs: [...answer.items, ...older], runsProblem: null });
      takeOverviews(state, answer);
      if (isFirst) state.runsNext = answer.next;
    });
    close();
    close = listen(store, answer.items, later);
  };

  const refresh = () => {
    load().catch((error) => {
      if (!(error instanceof Problem)) throw error;
      if (isStopped) return;
      onProblem(error);
      if (error.status !== 401) later(RETRY_MS);
    });
  };
  const later = (/** @type {number} */ wait_ms) => {
    window.clearTimeout(timer);
    if (!isStopped) timer = window.setTimeout(refresh, wait_ms);
  };

  store.change(['runs'], (state) => Object.assign(state, { runs: null, runsNext: null, overviews: new Map() }));
  refresh();
  return {
    stop: () => {
      isStopped = true;
      window.clearTimeout(timer);
      close();
    },
    more: async () => {
      const answer = await get('/runs', { limit: LIMIT, after: store.state.runsNext, sparkline: SPARKLINE });
      store.change(['runs'], (state) => {
        state.runs = [...(state.runs ?? []), ...answer.items];
        state.runsNext = answer.next;
        takeOverviews(state, answer);
      });
    },
  };
}

/** @param {import('./store.js').State} state @param {{overviews: Record<string, any>}} answer */
function takeOverviews(state, { overviews }) {
  for (const [id, overview] of Object.entries(overviews)) state.overviews.set(id, overviewFrom(overview));
}

/**
 * @param {import('./store.js').Store} store
 * @param {import('./types.js').Run[]} runs
 * @param {(wait_ms: number) => void} reload
 */
function listen(store, runs, reload) {
  const states = new Map(runs.map((run) => [run.id, openRun(run)]));
  const known = new Set((store.state.runs ?? []).map(({ id }) => id));
  const after = runs.length === 0 ? '0-0' : oldest(runs.map(({ cursor }) => cursor));
  return openStream(null, after, {
    onEvent: (event) => {
      const open = states.get(event.run);
      if (open === undefined) {
        if (!known.has(event.run)) reload(SETTLE_MS);
        return;
      }
      applyEvent(open, event);
      const overview = store.state.overviews.get(event.run);
      if (overview !== undefined && applyToOverview(overview, event, open.run.cursor) === 'reload') reload(SETTLE_MS);
      for (const [name, value] of open.lastValues) open.run.latest[name] = /** @type {any} */ (value);
      store.change(['runs'], () => {});
    },
    onState: (to) => store.change(['stream'], ({ stream }) => changeState(stream, to)),
    onLost: () => reload(RETRY_MS),
  });
}
