// @ts-check
/** Several runs on the same axes: which line is whose, where a fork leaves its parent, and what the address says of it all. Pure. */

import { fromSearch, toSearch } from './address.js';
import { stepBy, timeOf } from './clock.js';
import { integer } from './format.js';
import { changeWords } from './ledger.js';
import { timeWords } from './time_axis.js';

/** Runs that one page compares: more lines cannot be told apart. */
export const MOST_RUNS = 6;
/** Charts of one page. */
export const MOST_SERIES = 8;
/** Series that are shown unless the address says others, as far as the runs have them. */
const DEFAULTS = ['modes.captured', 'loss.d', 'loss.g'];
const MOST_DEFAULTS = 2;
/** Steps, and milliseconds, that an axis shows at least. */
const FEWEST = { step: 10, fork: 10, time: 1000 };

/** Line of the first run, of the second … @type {{role: string, dash: 'solid' | 'dash' | 'dot' | 'dashdot'}[]} */
export const LOOKS = [
  { role: 'D', dash: 'solid' }, { role: 'G', dash: 'dash' }, { role: 'real', dash: 'dot' },
  { role: 'penalty', dash: 'dashdot' }, { role: 'extra1', dash: 'solid' }, { role: 'extra2', dash: 'dash' },
];

/** What the runs are laid on. @typedef {'step' | 'time' | 'fork'} Align */
export const ALIGNS = /** @type {Record<Align, string>} */ ({ step: 'by step', time: 'by time of training', fork: 'forks on their parent’s line' });

/**
 * @typedef {import('./store.js').RunState} RunState
 * @typedef {import('../charts/lines.js').Line} Line
 *
 * @typedef {object} Wanted what the address asks for
 * @property {string[]} runs
 * @property {string[]} refused runs beyond those that a page compares
 * @property {string[] | null} series null: those that are shown by default
 * @property {Align} align
 *
 * @typedef {object} CompareState
 * @property {string[]} ids of the runs that there are, in the order of the address
 * @property {Map<string, RunState>} opens
 * @property {Map<string, import('./clock.js').Clock>} clocks
 * @property {{id: string, message: string}[]} missing
 * @property {string[]} refused
 * @property {Map<string, Origin>} origins run → what it goes on from, of all runs of their families
 * @property {string[]} names scalar series that one of them has
 *
 * @typedef {{parent: string, step: number}} Origin
 */

/** The letter by which a run goes on this page. @param {number} index */
export function letter(index) {
  return String.fromCharCode(65 + index);
}

/** @param {string} search @returns {Wanted} */
export function wantedFrom(search) {
  const query = new URLSearchParams(search);
  const list = (/** @type {string} */ name) => [...new Set((query.get(name) ?? '').split(',').map((each) => each.trim()).filter((each) => each !== ''))];
  const runs = list('runs');
  const align = query.get('align') ?? '';
  return {
    runs: runs.slice(0, MOST_RUNS),
    refused: runs.slice(MOST_RUNS),
    series: query.has('series') ? list('series').slice(0, MOST_SERIES) : null,
    align: align in ALIGNS ? /** @type {Align} */ (align) : 'step',
  };
}

/**
 * @param {Pick<Wanted, 'runs' | 'series' | 'align'>} wanted
 * @param {import('./address.js').Shown} view
 * @returns {string} the whole address
 */
export function addressOf({ runs, series, align }, view) {
  const own = new URLSearchParams({ runs: runs.join(','), ...(series === null ? {} : { series: series.join(',') }), ...(align === 'step' ? {} : { align }) });
  const rest = toSearch({ ...view, choice: {} }).replace('?', '&');
  return `/compare?${own.toString().replaceAll('%2C', ',')}${rest}`;
}

/** Cursor, zoom and log axes that the address asks for. @param {string} search */
export function viewFrom(search) {
  return { ...fromSearch(search), choice: {} };
}

/** Series to show. @param {string[]} names @param {string[] | null} wanted @returns {string[]} */
export function seriesToShow(names, wanted) {
  if (wanted !== null) return wanted;
  const found = DEFAULTS.filter((name) => names.includes(name));
  return (found.length > 0 ? found : names).slice(0, MOST_DEFAULTS);
}

/**
 * The nearest compared run that this one goes on from, and the last step that it shares with it.
 * @param {string} id
 * @param {string[]} compared
 * @param {Map<string, Origin>} origins
 * @returns {Origin | null}
 */
export function leaves(id, compared, origins) {
  let [step, here] = [Infinity, origins.get(id)];
  while (here !== undefined) {
    step = Math.min(step, here.step);
    if (compared.includes(here.parent)) return { parent: here.parent, step };
    here = origins.get(here.parent);
  }
  return null;
}

/**
 * Where a run's step stands on the axis; null where it is not on it.
 * @param {CompareState} state
 * @param {Align} align
 * @param {string} id
 * @param {number} step
 * @returns {number | null}
 */
export function toAxis({ clocks }, align, id, step) {
  if (align !== 'time') return step;
  const clock = clocks.get(id);
  return clock === undefined ? null : timeOf(clock, step);
}

/** The step of a run at a place of the axis; null where it had not begun. @param {CompareState} state @param {Align} align @param {string} id @param {number} at */
export function stepAtAxis({ clocks }, align, id, at) {
  if (align !== 'time') return at;
  const clock = clocks.get(id);
  return clock === undefined ? null : stepBy(clock, at);
}

/**
 * Every run's line of one series, the first run in front.
 * @param {CompareState} state
 * @param {string} name
 * @param {Align} align
 * @param {boolean} isZoomed
 * @returns {Line[]}
 */
export function linesOf(state, name, align, isZoomed) {
  return state.ids.flatMap((id, index) => {
    const open = state.opens.get(id);
    const buckets = (isZoomed ? open?.details.get(name) : undefined) ?? open?.scalars.get(name);
    if (buckets === undefined) return [];
    const shared = align === 'fork' ? leaves(id, state.ids, state.origins) : null;
    const placed = buckets.steps.map((step) => place(state, align, id, step, buckets.bucketSteps, shared?.step ?? -1));
    const kept = placed.flatMap((at, which) => (at === null ? [] : [which]));
    const part = (/** @type {number[]} */ column) => kept.map((which) => column[which]);
    return [{
      ...LOOKS[index], name: letter(index), label: letter(index), steps: kept.map((which) => Number(placed[which])),
      min: part(buckets.min), max: part(buckets.max), last: part(buckets.last), nonfinite: part(buckets.nonfinite),
    }];
  }).reverse();
}

/** A bucket's place on the axis; null when all of it is its parent's. @param {CompareState} state @param {Align} align @param {string} id @param {number} step @param {number} width @param {number} shared */
function place(state, align, id, step, width, shared) {
  if (align === 'fork' && step + width - 1 <= shared) return null;
  const own = align === 'fork' ? Math.max(step, shared) : step;
  const at = toAxis(state, align, id, own);
  return at === null ? null : Math.round(at);
}

/**
 * What is shown while nobody has zoomed.
 * @param {CompareState} state
 * @param {Align} align
 * @returns {[number, number]}
 */
export function wholeRange({ ids, opens, clocks }, align) {
  const ends = ids.map((id) => (align === 'time' ? (clocks.get(id)?.times.at(-1) ?? 0) : (opens.get(id)?.run.step ?? 0)));
  return [0, Math.max(FEWEST[align], ...ends)];
}

/**
 * Where forks leave the runs that they go on from, and changes of knobs, each with the letter of its run.
 * @param {CompareState} state
 * @param {Align} align
 * @returns {import('./marks.js').Mark[]}
 */
export function marksOf(state, align) {
  return state.ids.flatMap((id, index) => {
    const shared = align === 'time' ? null : leaves(id, state.ids, state.origins);
    const parting = shared === null ? [] : [{
      key: `${id} leaves`, step: shared.step, text: `${letter(index)} leaves ${letter(state.ids.indexOf(shared.parent))} at step ${integer(shared.step)}`,
    }];
    const changes = [...(state.opens.get(id)?.ledger.values() ?? [])].flatMap((item) => {
      if (item.kind !== 'knob' || item.outcome !== 'applied' || item.step === null || item.step === undefined) return [];
      const at = toAxis(state, align, id, item.step);
      return at === null ? [] : [{ key: `${id} ${item.request_id} ${item.name}`, step: at, text: `${letter(index)}: ${item.name} ${changeWords(item)} at step ${integer(item.step)}` }];
    });
    return [...parting, ...changes];
  });
}

/** A place of the axis in words. @param {Align} align @param {number} at */
export function axisWords(align, at) {
  return align === 'time' ? `after ${timeWords(at)} of training` : `step ${integer(at)}`;
}
