// @ts-check
/** Ranges of axes, and where a step stands in one. Pure. */

/** A range shrinks only when the data have used less than this of it … */
const SHRINK_BELOW = 0.6;
/** … for this long. */
const SHRINK_AFTER_MS = 10_000;
/** Room above and below the data. */
const PADDING = 0.06;

/**
 * @typedef {object} Held
 * @property {[number, number]} range
 * @property {number | null} looseSince_ms since when the data use too little of it
 */

/**
 * An axis range that grows at once and shrinks late, so that a live chart does not jump.
 * @param {Held | null} held
 * @param {[number, number] | null} extent of the data; null when there are none
 * @param {number} now_ms
 * @returns {Held}
 */
export function holdRange(held, extent, now_ms) {
  if (extent === null) return held ?? { range: [0, 1], looseSince_ms: null };
  const wanted = padded(extent);
  if (held === null) return { range: wanted, looseSince_ms: null };
  const [low, high] = held.range;
  if (extent[0] < low || extent[1] > high) {
    return { range: [Math.min(low, wanted[0]), Math.max(high, wanted[1])], looseSince_ms: null };
  }
  const isLoose = (wanted[1] - wanted[0]) / (high - low) < SHRINK_BELOW;
  if (!isLoose) return { range: held.range, looseSince_ms: null };
  const since = held.looseSince_ms ?? now_ms;
  if (now_ms - since >= SHRINK_AFTER_MS) return { range: wanted, looseSince_ms: null };
  return { range: held.range, looseSince_ms: since };
}

/**
 * The data's range with some room; that of a constant is its value ± 10 %, of zero ± 1.
 * @param {[number, number]} extent
 * @returns {[number, number]}
 */
export function padded([low, high]) {
  if (low === high) {
    const room = low === 0 ? 1 : Math.abs(low) * 0.1;
    return [low - room, high + room];
  }
  const room = (high - low) * PADDING;
  return [low - room, high + room];
}

/**
 * The steps that the charts show: the zoomed ones, or all there are.
 * @param {[number, number] | null} zoomed
 * @param {number} lastStep
 * @returns {[number, number]}
 */
export function stepRange(zoomed, lastStep) {
  return zoomed ?? [0, Math.max(lastStep, 10)];
}

/**
 * Where a step stands in a range, from 0 to 1; null when it is outside.
 * @param {number} step
 * @param {[number, number]} range
 * @returns {number | null}
 */
export function fraction(step, [from, to]) {
  const where = (step - from) / (to - from);
  return where >= 0 && where <= 1 ? where : null;
}

/**
 * Pushes labels apart so that none covers another, each as near to where it belongs as that allows.
 * @param {number[]} wanted pixels from the top
 * @param {number} gap least distance
 * @param {number} low
 * @param {number} high
 * @returns {number[]} in the order given
 */
export function spread(wanted, gap, low, high) {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  let floor = low;
  for (const index of order) {
    placed[index] = Math.max(wanted[index], floor);
    floor = placed[index] + gap;
  }
  let ceiling = high;
  for (const index of order.reverse()) {
    placed[index] = Math.max(low, Math.min(placed[index], ceiling));
    ceiling = placed[index] - gap;
  }
  return placed;
}
