// @ts-check
/** Which grid of pictures is shown, and what each is called. Pure. */

/** Grids that have a word of their own, in the order in which they are offered. */
const WORDS = /** @type {Record<string, string>} */ ({
  samples: 'fixed latents', fresh_samples: 'fresh latents', interpolation: 'interpolation', nearest_real: 'nearest real',
});
const ORDER = Object.keys(WORDS);

/** @typedef {{name: string, label: string, meaning: string}} GridChoice */

/** @param {Pick<import('./store.js').RunState, 'infos'>} open @returns {GridChoice[]} */
export function gridChoices({ infos }) {
  const grids = [...infos.values()].filter(({ kind }) => kind === 'grid');
  const place = (/** @type {string} */ name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return grids
    .map(({ name, meaning = '' }) => ({ name, meaning, label: WORDS[name] ?? name }))
    .sort((a, b) => place(a.name) - place(b.name));
}

/**
 * The one that was chosen if the run has it, else the first.
 * @param {Pick<import('./store.js').RunState, 'infos'>} open
 * @param {Pick<import('./store.js').View, 'choice'>} view
 * @returns {GridChoice | null}
 */
export function gridShown(open, { choice }) {
  const choices = gridChoices(open);
  return choices.find(({ name }) => name === choice.grid) ?? choices[0] ?? null;
}

/**
 * At most so many of the steps: each first, second, fourth … of them, and the last. While a run goes on, few of the
 * chosen ones change.
 * @param {number[]} steps ascending
 * @param {number} most at least 2
 * @returns {number[]}
 */
export function thinned(steps, most) {
  let every = 1;
  while (Math.ceil(steps.length / every) + 1 > most && steps.length > most) every *= 2;
  const last = steps.length - 1;
  return steps.filter((_, index) => index % every === 0 || index === last);
}

/**
 * The series of that name if there is one, else the first of its kind.
 * @param {Map<string, number[]>} all
 * @param {string} preferred
 * @returns {string | null}
 */
export function pickSeries(all, preferred) {
  return all.has(preferred) ? preferred : ([...all.keys()][0] ?? null);
}
