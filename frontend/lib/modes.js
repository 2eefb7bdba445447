// @ts-check
/** How many modes a run's data have. Pure. */

/** Series that counts those that G has found. */
export const MODES = 'modes.captured';

/**
 * As its monitor's unit says it, else by the labels, else by the data set's params; null when nothing tells.
 * @param {import('./types.js').Run} run
 * @param {string} [unit] of the series
 * @returns {number | null}
 */
export function modesTotal({ attributes, spec }, unit = '') {
  const known = unit.match(/\d+/)?.[0];
  if (known !== undefined) return Number(known);
  const classes = Object.values(attributes);
  if (classes.length > 0) return classes.reduce((count, names) => count * names.length, 1);
  const { modes, side } = spec.dataset ?? {};
  return modes ?? (side === undefined ? null : side ** 2);
}
