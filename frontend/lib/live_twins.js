// @ts-check
/** Keeps the open comparison of a run with its twins up to date: asked again while one of them still trains. */

import { get, getSeries, Problem } from './connection.js';
import { inParallel, noneYet } from './fetching.js';
import { bucketsFrom, emptyBuckets } from './series.js';
import { areTraining, changeOf, membersOf, seriesToShow } from './twins.js';

/** At most so often. A tab that nobody sees asks nothing. */
const EVERY_MS = 2000;
/** Points or buckets of each run: about one a pixel. */
const BUCKETS = 600;
/** Requests of the ledger that are searched: all of them, as the api allows. */
const MOST_REQUESTS = 10_000;

/**
 * @typedef {object} FollowingTwins
 * @property {() => void} stop
 * @property {(series: string) => void} choose compare this series
 * @property {() => void} refresh ask now
 */

/**
 * @param {import('./store.js').Store} store
 * @param {string} id
 * @param {string} request whose changes the twins are without
 * @param {string | null} first series that is wanted
 * @param {(problem: Problem) => void} onProblem only what no retry can mend: no such run or change, no session
 * @returns {FollowingTwins}
 */
export function followTwins(store, id, request, first, onProblem) {
  const path = `/runs/${encodeURIComponent(id)}`;
  let isStopped = false;
  let timer = 0;
  let wanted = first;
  let newest = 0;
  /** @type {{change: import('./types.js').LedgerItem[], names: string[]} | null} */
  let known = null;
  /** What was asked, of a run in which state → the answer. @type {Map<string, import('./series.js').Buckets>} */
  let fetched = new Map();

  /** What does not change: which knobs it was, and what the run measures. */
  const learn = async () => {
    const [ledger, series] = await Promise.all([get(`${path}/ledger`, { limit: MOST_REQUESTS }), get(`${path}/series`)]);
    const change = changeOf(ledger.items, request);
    if (change.length === 0) throw new Problem(404, { detail: `No knob of run ${id} was changed by the request ${request}.` });
    const names = series.items.filter((/** @type {any} */ { kind }) => kind === 'scalar').map((/** @type {any} */ { name }) => name).sort();
    return { change, names };
  };

  const load = async (/** @type {number} */ turn) => {
    known ??= await learn();
    const { change, names } = known;
    const [run, forks] = await Promise.all([get(path), get(`${path}/forks`)]);
    const members = membersOf(run, forks.items, request);
    const series = seriesToShow(names, wanted);
    const from = members[1]?.run.parent_step ?? change[0].step ?? 0;
    const before = fetched;
    const kept = new Map();
    /** What cannot have changed since it was fetched is not asked again. @param {{from: number, to?: number}} part */
    const seriesIn = async (part) => {
      const found = await inParallel(members, async ({ run: each }) => {
        const what = JSON.stringify([each.id, each.status, each.step, series, part]);
        const buckets = before.get(what) ?? await fetchSeries(each.id, series, part);
        kept.set(what, buckets);
        return /** @type {const} */ ([each.id, buckets]);
      });
      return new Map(found);
    };
    const scalars = await seriesIn({ from });
    const { range } = store.state.view;
    const isCoarse = [...scalars.values()].some(({ bucketSteps }) => bucketSteps > 1);
    const details = range === null || !isCoarse ? null : await seriesIn({ from: Math.max(from, Math.floor(range[0])), to: Math.ceil(range[1]) });
    if (isStopped || turn !== newest) return;
    fetched = kept;
    store.change(['twins'], (state) => (state.twins = { change, members, names, series, from, scalars, details, problem: null }));
    if (areTraining(members)) later();
  };
  const refresh = () => {
    window.clearTimeout(timer);
    newest += 1;
    const turn = newest;
    load(turn).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      if (isStopped || turn !== newest) return;
      if (error.isFinal) {
        onProblem(error);
        return;
      }
      store.change(['twins'], ({ twins }) => twins !== null && (twins.problem = error.message));
      later();
    });
  };
  const later = () => {
    window.clearTimeout(timer);
    if (!isStopped) timer = window.setTimeout(() => (document.hidden ? later() : refresh()), EVERY_MS);
  };

  store.change(['twins'], (state) => (state.twins = null));
  refresh();
  return {
    stop: () => {
      isStopped = true;
      window.clearTimeout(timer);
      store.change(['twins'], (state) => (state.twins = null));
    },
    choose: (series) => {
      wanted = series;
      refresh();
    },
    refresh,
  };
}

/** @param {string} run @param {string | null} series @param {{from: number, to?: number}} part */
async function fetchSeries(run, series, part) {
  const answer = series === null ? null : await getSeries(run, series, { ...part, buckets: BUCKETS }).catch(noneYet);
  return answer === null ? emptyBuckets(series ?? '') : bucketsFrom(answer);
}
