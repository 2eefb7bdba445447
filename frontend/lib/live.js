// @ts-check
/**
 * Keeps the open run in step with the server: a snapshot first, then the stream from where the snapshot ends.
 * What both tell is counted once, since each answer says up to which event it is complete.
 */

import { get, getSeries, openStream, Problem } from './connection.js';
import { inParallel } from './fetching.js';
import { liveLooks } from './live_looks.js';
import { applyEvent, openRun, replayScalars } from './reduce.js';
import { needsSnapshot, scalarLoader } from './scalar_loader.js';
import { bucketsFrom } from './series.js';
import { watchSilence } from './silence.js';
import { BUCKETS, loadInfos, loadLedger, loadPictures, snapshotEnd } from './snapshot.js';

/** Batches of scalars (10 a second) kept to fill a series that is asked for later. */
const RECENT = 600;

/** Wait before a server that does not answer is asked again. */
const RETRY_MS = 2000;

/** All that a new snapshot may change. */
const ALL = ['run', 'knobs', 'ledger', 'checkpoints', 'alarms', 'infos', 'series', 'pictures', 'points', 'looks', 'stream'];

/**
 * @typedef {import('./store.js').Store} Store
 * @typedef {import('./store.js').RunState} RunState
 * @typedef {import('./types.js').RunEvent} RunEvent
 *
 * @typedef {object} Following
 * @property {() => void} stop
 * @property {(names: string[]) => Promise<void>} want fetch these series, and keep them up to date
 * @property {(names: string[], range: [number, number]) => Promise<void>} zoom fetch finer buckets of that range
 * @property {import('./live_looks.js').LiveLooks} looks spectra, eigenvalues and densities
 */

/**
 * Follow one run until it is stopped.
 * @param {Store} store
 * @param {string} id
 * @param {(open: RunState) => string[]} charted names of the scalar series that its page shows
 * @param {(problem: Problem) => void} onProblem only what no retry can mend: no such run, no session
 * @returns {Following}
 */
export function followRun(store, id, charted, onProblem) {
  let isStopped = false;
  let timer = 0;
  let close = () => {};
  /** @type {RunEvent[]} */
  const recent = [];

  const load = async () => {
    const open = openRun(await get(`/runs/${encodeURIComponent(id)}`));
    const isFirst = store.state.open?.run.id !== id;
    const show = () => store.change(ALL, (state) => Object.assign(state, { open }));
    if (isStopped) return;
    if (isFirst) show();
    await loadLists(open);
    if (isStopped) return;
    if (isFirst) show();
    await inParallel(charted(open), (name) => scalar(open, name));
    await looks.reload(open);
    if (isStopped) return;
    close();
    recent.length = 0;
    show();
    close = listen(store, open, keep, again);
  };

  /** What no retry can mend is handed on; for the rest, everything is asked anew a little later. */
  const recover = (/** @type {unknown} */ error) => {
    if (!(error instanceof Problem)) throw error;
    if (isStopped) return;
    if (error.isFinal) {
      onProblem(error);
      return;
    }
    store.change(['stream'], ({ stream }) => changeState(stream, 'retrying'));
    window.clearTimeout(timer);
    timer = window.setTimeout(again, RETRY_MS);
  };
  const again = () => {
    load().catch(recover);
  };
  const looks = liveLooks(store, id, recover);
  const keep = (/** @type {RunEvent} */ event) => {
    if (event.kind === 'scalars') recent.push(event);
    if (recent.length > RECENT) recent.shift();
    looks.keep(event);
  };

  /** @param {RunState} open @param {string} name */
  const fill = (open, name) => {
    replayScalars(open.scalars.get(name), recent);
    store.change(['series'], () => {});
  };
  const scalar = scalarLoader((open) => !isStopped && store.state.open === open, fill, recover);

  again();
  const stopWatching = watchSilence(store, id, again);
  return {
    stop: () => {
      isStopped = true;
      stopWatching();
      window.clearTimeout(timer);
      close();
      store.change(ALL, (state) => Object.assign(state, { open: null }));
    },
    want: async (names) => {
      const { open } = store.state;
      if (open === null) return;
      // Before the series are listed, only those whose value came with the run are known to have any.
      const isListed = open.infos.size > 0;
      const missing = names.filter((name) => !open.scalars.has(name) && (isListed || open.lastValues.has(name)));
      await inParallel(missing, (name) => scalar(open, name).then(() => fill(open, name))).catch(recover);
    },
    zoom: (names, range) => zoom(names, range).catch(recover),
    looks,
  };

  /** @param {string[]} names @param {[number, number]} range */
  async function zoom(names, [from, to]) {
    const { open } = store.state;
    if (open === null) return;
    const query = { from: Math.max(0, Math.floor(from)), to: Math.ceil(to), buckets: BUCKETS };
    const found = await inParallel(names, async (name) => bucketsFrom(await getSeries(id, name, query)));
    const { range } = store.state.view;
    if (store.state.open !== open || range === null || range[0] !== from || range[1] !== to) return;
    for (const buckets of found) replayScalars(buckets, recent);
    store.change(['series'], () => found.forEach((buckets) => open.details.set(buckets.name, buckets)));
  }
}

/**
 * Lets the stream's events act on the run's state.
 * @param {Store} store
 * @param {RunState} open
 * @param {(event: RunEvent) => void} keep
 * @param {() => void} again
 */
function listen(store, open, keep, again) {
  const { attempt } = open.run;
  return openStream([open.run.id], snapshotEnd(open), {
    onEvent: (event) => {
      store.change(['stream'], ({ stream }) => arrived(stream, event));
      store.change(applyEvent(open, event), () => {});
      keep(event);
      if (needsSnapshot(open, event, attempt)) again();
    },
    onState: (to) => store.change(['stream'], ({ stream }) => changeState(stream, to)),
    onLost: (why) => (why === 'refused' ? window.setTimeout(again, RETRY_MS) : again()),
  });
}

/** @param {RunState} open */
async function loadLists(open) {
  const path = `/runs/${encodeURIComponent(open.run.id)}`;
  const [checkpoints, alarms, messages] = await Promise.all([
    get(`${path}/checkpoints`), get(`${path}/alarms`),
    get(`${path}/events?kind=log&kind=monitor.disabled&kind=monitor.stretched&kind=run.status`), loadLedger(open), loadInfos(open),
  ]);
  for (const event of [...alarms.items, ...messages.items]) applyEvent(open, event);
  for (const checkpoint of checkpoints.items) open.checkpoints.set(checkpoint.name, checkpoint);
  await loadPictures(open);
}

/** @param {import('./store.js').Stream} stream @param {RunEvent} event */
function arrived(stream, event) {
  const offset = Date.now() / 1000 - event.time;
  stream.arrivedAt_ms = performance.now();
  stream.offset_s = stream.offset_s === null ? offset : Math.min(offset, stream.offset_s);
}

/** @param {import('./store.js').Stream} stream @param {'connecting' | 'open' | 'retrying'} to */
export function changeState(stream, to) {
  stream.retries = to === 'retrying' ? stream.retries + 1 : 0;
  stream.state = to;
}
