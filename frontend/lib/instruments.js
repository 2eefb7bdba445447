// @ts-check
/** Which instruments a run has, and what each of them can show: series of spectra, eigenvalues and densities. Pure. */

/** @typedef {'spectrum' | 'eigenvalues' | 'density'} Kind */

/** Kinds of series that are instruments, with what they are called on the page, in this order. */
export const INSTRUMENTS = /** @type {Record<Kind, string>} */ ({ spectrum: 'Spectra', eigenvalues: 'Eigenvalues', density: 'Densities' });

/** Last words of densities that are drawn over one another, in one picture. @type {Record<string, {role: string, dash: 'solid' | 'dash' | 'dot' | 'dashdot'}>} */
const TOGETHER = {
  real: { role: 'real', dash: 'solid' }, fake: { role: 'G', dash: 'dash' }, between: { role: 'penalty', dash: 'dashdot' },
};

/**
 * @typedef {object} Member
 * @property {string} name of the series
 * @property {string} label
 * @property {string} role
 * @property {'solid' | 'dash' | 'dot' | 'dashdot'} dash
 *
 * @typedef {object} Choice one picture of an instrument
 * @property {string} id
 * @property {string} label
 * @property {Member[]} members
 * @property {boolean} isHistogram
 * @property {boolean} isLog whether its values start out on a log axis
 */

/**
 * @param {import('./store.js').RunState} open
 * @param {Kind} kind
 * @returns {Choice[]} in the order in which the run announced them
 */
export function choicesOf({ infos }, kind) {
  /** @type {Map<string, Choice>} */
  const found = new Map();
  for (const { name, kind: each } of infos.values()) {
    if (each !== kind) continue;
    const [stem, last] = split(name);
    const together = kind === 'density' ? TOGETHER[last] : undefined;
    const id = together === undefined ? name : stem;
    const choice = found.get(id) ?? { id, label: labelOf(id, kind), members: [], isHistogram: together !== undefined, isLog: kind === 'density' && together === undefined };
    choice.members.push({ name, label: last, role: together?.role ?? roleOf(name), dash: together?.dash ?? 'solid' });
    found.set(id, choice);
  }
  return [...found.values()];
}

/**
 * What an empty instrument waits for, in words.
 * @param {import('./store.js').RunState} open
 * @param {boolean} hasLoaded whether the server has said which steps there are
 */
export function instrumentWaitsFor({ run }, hasLoaded) {
  if (!hasLoaded) return 'Loading …';
  if (['finished', 'stopped', 'failed'].includes(run.status)) return 'The run ended before this was measured.';
  return run.status === 'queued' ? 'Waiting for a worker.' : 'Waiting for the first look.';
}

/** @param {string} name @returns {[string, string]} all but the last word, and the last */
function split(name) {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, Math.max(dot, 0)) || name, name.slice(dot + 1)];
}

/** The player whose series it is. @param {string} name */
function roleOf(name) {
  const words = name.split('.');
  if (words.includes('d')) return 'D';
  return words.includes('g') ? 'G' : 'penalty';
}

/** `spectrum.d.conv1` → `D conv1`, `hessian.g.eigenvalues` → `G hessian`. @param {string} id @param {Kind} kind */
function labelOf(id, kind) {
  const words = id.split('.').filter((word) => word !== kind);
  const player = words.findIndex((word) => word === 'd' || word === 'g');
  const rest = words.filter((_, index) => index !== player).join('.').replaceAll('_', ' ');
  return player < 0 ? rest || id : `${words[player].toUpperCase()} ${rest}`.trim();
}
