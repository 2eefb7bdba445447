// @ts-check
/**
 * The page's only state, and the one way to change it.
 *
 * A change names its topics; listeners of those topics are called once a frame, however many changes came. A hidden
 * tab gets no frames, so nothing is drawn there; it catches up when it is seen again.
 *
 * Topics: session, catalogue, runs, sweep, twins, compare, lineage, run, knobs, ledger, checkpoints, alarms, infos, series,
 * pictures, points, looks, stream, view, drafts, theme, recording.
 */

/**
 * @typedef {object} RunState one run as the events have made it
 * @property {import('./types.js').Run} run
 * @property {Map<string, import('./types.js').SeriesInfo>} infos
 * @property {Map<string, import('./series.js').Buckets>} scalars series that are charted, and only those
 * @property {Map<string, import('./series.js').Buckets>} details the zoomed range of some of them, in finer buckets
 * @property {Map<string, number[]>} pictures grid series → steps that exist, ascending
 * @property {Map<string, Record<string, any>>} layouts grid series → rows, columns, cell and labels, once known
 * @property {Map<string, number[]>} clouds points series → steps that exist, ascending
 * @property {Map<string, {step: number, body: Record<string, any>}>} newestCloud points series → last one streamed
 * @property {Map<string, import('./looks.js').Looks>} looks series of spectra, eigenvalues, densities that are shown
 * @property {Map<string, import('./types.js').LedgerItem>} ledger request and name → item
 * @property {Map<string, import('./types.js').Checkpoint>} checkpoints by name
 * @property {Map<string, import('./types.js').Alarm>} alarms by guard
 * @property {Map<string, {state: 'idle' | 'calibrating' | 'watching' | 'off', reason: string}>} guards what each can say by now
 * @property {{id: string, level: string, message: string, step: number | null}[]} messages newest last
 * @property {Map<string, number>} lastValues newest value of every scalar that was seen
 * @property {Map<string, string>} stepCursors grid or points series → event id up to which its steps were complete
 *
 * @typedef {object} TwinsState a run beside its twins without one change
 * @property {import('./types.js').LedgerItem[]} change the knobs of that request
 * @property {import('./twins.js').Member[]} members
 * @property {string[]} names scalar series of the run
 * @property {string | null} series the one that is compared
 * @property {number} from step of the checkpoint that the twins go on from
 * @property {Map<string, import('./series.js').Buckets>} scalars run → that series
 * @property {Map<string, import('./series.js').Buckets> | null} details the same in the zoomed range, in finer buckets
 * @property {string | null} problem why nothing new comes
 *
 * @typedef {object} Stream
 * @property {'closed' | 'connecting' | 'open' | 'retrying'} state
 * @property {number} retries
 * @property {number | null} arrivedAt_ms when the last event came, by `performance.now()`
 * @property {boolean | null} isServerThere whether it answered while the run was silent; null where nobody asked
 * @property {number | null} offset_s this clock minus the server's, as far as the quickest event tells
 *
 * @typedef {object} View
 * @property {number | null} cursor a pinned step; null while the page follows the run
 * @property {[number, number] | null} range the steps that every chart shows; null for all of them
 * @property {Record<string, string>} choice chart → which of its sets of series it shows
 * @property {Record<string, boolean>} log chart → whether its values run on a log axis
 *
 * @typedef {object} State
 * @property {'unknown' | 'in' | 'out'} session
 * @property {import('./types.js').Catalogue | null} catalogue
 * @property {string | null} catalogueProblem
 * @property {import('./types.js').Run[] | null} runs newest first
 * @property {Map<string, import('./overview.js').Overview>} overviews what the list shows of each run besides the run itself
 * @property {string | null} runsNext
 * @property {string | null} runsProblem
 * @property {import('./types.js').Sweep | null} sweep the sweep whose page is open
 * @property {TwinsState | null} twins the comparison whose page is open
 * @property {import('./compare.js').CompareState | null} compare the runs that are compared on the open page
 * @property {import('./types.js').Lineage | null} lineage the family whose page is open
 * @property {RunState | null} open the run whose page is open
 * @property {string | null} problem why the open page has nothing to show
 * @property {Stream} stream
 * @property {View} view
 * @property {Map<string, import('./knob_state.js').Draft>} drafts knob → what was typed and has not become an event yet
 * @property {string} theme
 * @property {import('./recording.js').Recording | null} recording what this file is, where the page is a file; null where there is a server
 */

/** @returns {State} */
export function emptyState() {
  return {
    session: 'unknown',
    catalogue: null,
    catalogueProblem: null,
    runs: null,
    overviews: new Map(),
    runsNext: null,
    runsProblem: null,
    sweep: null,
    twins: null,
    compare: null,
    lineage: null,
    open: null,
    problem: null,
    stream: { state: 'closed', retries: 0, arrivedAt_ms: null, isServerThere: null, offset_s: null },
    view: { cursor: null, range: null, choice: {}, log: {} },
    drafts: new Map(),
    theme: 'auto',
    recording: null,
  };
}

/**
 * @typedef {object} Store
 * @property {State} state read it anywhere, change it through `change` alone
 * @property {(topics: Iterable<string>, mutate: (state: State) => void) => void} change
 * @property {(topics: string[], listener: (changed: Set<string>) => void) => () => void} subscribe answers how to stop
 */

/**
 * @param {(flush: () => void) => void} [schedule] when listeners are called: at the next frame
 * @returns {Store}
 */
export function createStore(schedule = (flush) => requestAnimationFrame(flush)) {
  const state = emptyState();
  /** @type {Set<{topics: Set<string>, listener: (changed: Set<string>) => void}>} */
  const listeners = new Set();
  /** @type {Set<string>} */
  let changed = new Set();

  const flush = () => {
    const now = changed;
    changed = new Set();
    for (const { topics, listener } of [...listeners]) {
      if ([...now].some((topic) => topics.has(topic))) listener(now);
    }
  };

  return {
    state,
    change(topics, mutate) {
      mutate(state);
      const isFirst = changed.size === 0;
      for (const topic of topics) changed.add(topic);
      if (isFirst && changed.size > 0) schedule(flush);
    },
    subscribe(topics, listener) {
      const entry = { topics: new Set(topics), listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
  };
}
