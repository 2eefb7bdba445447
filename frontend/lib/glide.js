// @ts-check
/** Points of the same latents, moved from one look to the next so that the eye can follow them. */

/** So long does a point move. */
const GLIDE_MS = 200;

/**
 * Each point on the straight line from where it was to where it is; points that were not there before, or are not
 * finite, are where they are.
 * @param {any[][]} from
 * @param {any[][]} to
 * @param {number} share of the way, 0 to 1
 * @returns {any[][]}
 */
export function between(from, to, share) {
  return to.map(([x, y], index) => {
    const [x0, y0] = (from[index] ?? []).map(Number);
    const isThere = [x0, y0, Number(x), Number(y)].every(Number.isFinite);
    return isThere && share < 1 ? [x0 + (Number(x) - x0) * share, y0 + (Number(y) - y0) * share] : [x, y];
  });
}

/**
 * Calls for a drawing a frame until the end is reached; whoever asks for less motion gets the end alone.
 * @param {(share: number) => void} draw
 */
export function glider(draw) {
  let frame = 0;
  const stop = () => cancelAnimationFrame(frame);
  return {
    stop,
    start() {
      stop();
      if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
        draw(1);
        return;
      }
      const began = performance.now();
      const advance = (/** @type {number} */ now) => {
        const share = Math.min(1, Math.max(0, (now - began) / GLIDE_MS));
        draw(share);
        if (share < 1) frame = requestAnimationFrame(advance);
      };
      frame = requestAnimationFrame(advance);
    },
  };
}
