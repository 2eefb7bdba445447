// @ts-check
/**
 * A run beside its twin without one change, and beside twins with other seeds: what differs, and whether that is more
 * than chance does. Pure.
 *
 * Values are compared at steps that both have. Where series came in buckets of different widths, all are brought to
 * the widest; a bucket that one of two runs has not been through yet is left out, since its last values are of
 * different steps.
 */

import { integer } from './format.js';
import { hasEnded } from './reduce.js';
import { atWidth } from './series.js';

/** Series that is shown unless the address says another: the first of these that the run has. */
const DEFAULTS = ['modes.captured', 'loss.g'];

/** What the lines of the difference are called. */
const [APART, BAND] = ['run − twin', '± noise'];

/** @type {Record<Member['part'], {role: string, dash: 'solid' | 'dash' | 'dot'}>} */
export const LOOKS = {
  run: { role: 'D', dash: 'solid' },
  twin: { role: 'G', dash: 'dash' },
  noise: { role: 'noise', dash: 'dot' },
};

/**
 * @typedef {import('./types.js').Run} Run
 * @typedef {import('./series.js').Buckets} Buckets
 *
 * @typedef {object} Member one of the runs that are compared
 * @property {'run' | 'twin' | 'noise'} part
 * @property {string} label
 * @property {Run} run
 *
 * @typedef {object} Measured
 * @property {Buckets} buckets
 * @property {number} until step up to which nothing is added any more
 *
 * @typedef {object} Difference
 * @property {number} width steps a point stands for
 * @property {number[]} steps
 * @property {number[]} values run − twin; not finite where one of them is not
 * @property {number[]} band greatest |noise twin − twin|; NaN where no noise twin was measured, or one is not finite
 * @property {number[]} counts noise twins that were measured at each of these steps
 *
 * @typedef {object} Verdict
 * @property {number} compared points since the change at which both difference and band are known
 * @property {number} outside of those, where the difference is larger than the band
 * @property {number | null} first step of the first of those
 * @property {number} nNoise noise twins that were measured there, at most
 * @property {number} byChance of the points compared, those where the difference would be the largest of equals
 */

/**
 * What a request changed: its applied knobs.
 * @param {import('./types.js').LedgerItem[]} ledger
 * @param {string} request
 */
export function changeOf(ledger, request) {
  return ledger.filter(({ kind, request_id, outcome }) => kind === 'knob' && request_id === request && outcome === 'applied');
}

/**
 * The run, its twin, and those with other seeds.
 * @param {Run} run
 * @param {Run[]} forks of it, oldest first
 * @param {string} request
 * @returns {Member[]}
 */
export function membersOf(run, forks, request) {
  const without = forks.filter(({ left_out }) => left_out === request);
  const isTwin = (/** @type {Run} */ { spec }) => spec.seed === run.spec.seed;
  return [
    { part: 'run', label: 'run', run },
    ...without.filter(isTwin).slice(0, 1).map((twin) => /** @type {Member} */ ({ part: 'twin', label: 'twin', run: twin })),
    ...without.filter((fork) => !isTwin(fork)).map((fork) => /** @type {Member} */ ({ part: 'noise', label: `seed ${fork.spec.seed}`, run: fork })),
  ];
}

/**
 * The series to show.
 * @param {string[]} names scalar series that there are
 * @param {string | null} wanted by the address
 * @returns {string | null} null when there is none
 */
export function seriesToShow(names, wanted) {
  return [wanted, ...DEFAULTS, names[0]].find((name) => name !== null && name !== undefined && names.includes(name)) ?? null;
}

/**
 * Run − twin at each step that both have, with what twins of other seeds differ by.
 * @param {Measured} run
 * @param {Measured} twin
 * @param {Measured[]} noise
 * @returns {Difference}
 */
export function difference(run, twin, noise) {
  const all = [run, twin, ...noise];
  const width = Math.max(...all.map(({ buckets }) => buckets.bucketSteps));
  const [real, without, ...others] = all.map((each) => settled(each, width));
  /** @type {Difference} */
  const found = { width, steps: [], values: [], band: [], counts: [] };
  for (const [step, value] of without) {
    const other = real.get(step);
    if (other === undefined) continue;
    const apart = others.flatMap((noisy) => (noisy.has(step) ? [Math.abs(Number(noisy.get(step)) - value)] : []));
    found.steps.push(step);
    found.values.push(other - value);
    found.band.push(apart.length > 0 && apart.every(Number.isFinite) ? Math.max(...apart) : NaN);
    found.counts.push(apart.length);
  }
  return found;
}

/**
 * First step → last value of each bucket of that width that nothing can be added to.
 * @param {Measured} measured
 * @param {number} width
 * @returns {Map<number, number>}
 */
function settled({ buckets, until }, width) {
  const { steps, last } = atWidth(buckets, width);
  return new Map(steps.flatMap((step, index) => (width === 1 || step + width - 1 <= until ? [[step, last[index]]] : [])));
}

/**
 * On how many points since the change the difference is larger than the band.
 * @param {Difference} found
 * @param {number} change its step
 * @returns {Verdict}
 */
export function verdict({ width, steps, values, band, counts }, change) {
  /** @type {Verdict} */
  const said = { compared: 0, outside: 0, first: null, nNoise: 0, byChance: 0 };
  steps.forEach((step, index) => {
    if (step + width <= change || !Number.isFinite(values[index])) return;
    said.nNoise = Math.max(said.nNoise, counts[index]);
    if (!Number.isFinite(band[index])) return;
    said.compared += 1;
    said.byChance += 1 / (counts[index] + 1);
    if (Math.abs(values[index]) <= band[index]) return;
    said.outside += 1;
    said.first ??= Math.max(step, change);
  });
  return said;
}

/**
 * The verdict in words, with what it is worth.
 * @param {Difference} found
 * @param {number} change its step
 * @param {boolean} isOver whether all of the runs have ended
 * @returns {string}
 */
export function verdictWords(found, change, isOver) {
  const { compared, outside, first, nNoise, byChance } = verdict(found, change);
  const { width } = found;
  const so = isOver ? '' : ' so far';
  const isMeasured = found.steps.some((step, index) => step + width > change && Number.isFinite(found.values[index]));
  if (!isMeasured) return `No step since the change was measured in both the run and its twin${so}.`;
  if (nNoise === 0) return `No twin of another seed was measured there${so}: without a band, the difference cannot be told from chance.`;
  if (compared === 0) return `At no step since the change are both the difference and its band known${so}.`;
  const points = `the ${integer(compared)} ${width > 1 ? `stretches of ${integer(width)} steps` : 'steps'} compared since the change`;
  const finding = outside === 0
    ? `The difference does not leave the band on any of ${points}${so}.`
    : `The difference leaves the band on ${integer(outside)} of ${points}${so} (${percent(outside / compared)}), first at step ${integer(Number(first))}.`;
  const chance = `Had the change done no more than another seed does, it would leave it on at most about ${percent(byChance / compared)}.`;
  const worth = nNoise === 1 ? 'One twin of another seed is a glimpse of the noise, and no test.' : `${nNoise === 2 ? 'Two' : integer(nNoise)} twins of other seeds are a glimpse of the noise, and no test.`;
  return `${finding} ${chance} ${worth}`;
}

/**
 * The difference and its band as lines of a chart: the band lies around 0, and its line along the upper edge, so that
 * what is read off it is its size.
 * @param {Difference} found
 * @returns {import('../charts/lines.js').Line[]}
 */
export function differenceLines({ steps, values, band }) {
  const finite = values.map((value) => (Number.isFinite(value) ? value : NaN));
  const noise = { name: BAND, label: BAND, steps, min: band.map((size) => -size), max: band, last: band, nonfinite: steps.map(() => 0) };
  const apart = { name: APART, label: APART, steps, min: finite, max: finite, last: values, nonfinite: values.map((value) => (Number.isFinite(value) ? 0 : 1)) };
  return [{ ...noise, ...LOOKS.noise }, { ...apart, ...LOOKS.run }];
}

/**
 * The runs' values as lines of a chart: those with other seeds behind, the run in front.
 * @param {Member[]} members
 * @param {Map<string, Buckets>} scalars run → its series
 * @returns {import('../charts/lines.js').Line[]}
 */
export function memberLines(members, scalars) {
  return members.toReversed().flatMap(({ part, label, run }) => {
    const buckets = scalars.get(run.id);
    return buckets === undefined ? [] : [{ ...buckets, ...LOOKS[part], name: label, label }];
  });
}

/**
 * The difference between the run and its twin; null while there is no twin.
 * @param {Member[]} members
 * @param {Map<string, Buckets>} scalars run → its series
 * @returns {Difference | null}
 */
export function differenceOf(members, scalars) {
  const of = (/** @type {Member['part']} */ part) => members.filter((member) => member.part === part)
    .flatMap(({ run }) => measured(scalars.get(run.id), run));
  const [[run], [twin], noise] = [of('run'), of('twin'), of('noise')];
  return run === undefined || twin === undefined ? null : difference(run, twin, noise);
}

/** A run's series, and how far it is complete. @param {Buckets | undefined} buckets @param {Run} run @returns {Measured[]} */
function measured(buckets, { step, steps }) {
  return buckets === undefined ? [] : [{ buckets, until: step >= steps ? Infinity : step }];
}

/** Letters of the longest name of a line, of both charts. @param {Member[]} members */
export function longestLabel(members) {
  return Math.max(APART.length, BAND.length, ...members.map(({ label }) => label.length));
}

/** Whether one of them may still add to its series. @param {Member[]} members */
export function areTraining(members) {
  return members.some(({ run }) => !hasEnded(run.status));
}

/** @param {number} share */
function percent(share) {
  return share < 0.01 ? 'under 1 %' : `${Math.round(share * 100)} %`;
}
