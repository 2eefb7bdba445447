// @ts-check
/**
 * Decides when a chart is drawn: at most four times a second, never while it cannot be seen, and never so often
 * that drawing takes more than a fixed share of the page's time.
 */

/** At most four redraws a second of one chart. */
const LEAST_MS = 250;

/** Share of the time that drawing of all charts together may take. */
const SHARE = 0.1;

/** However slow the machine, a live chart moves this often. */
const MOST_MS = 2000;

/**
 * How long to wait before the next drawing of a chart.
 * @param {number} cost_ms what one drawing took lately
 * @param {number} visible charts that share the time
 * @returns {number}
 */
export function interval_ms(cost_ms, visible) {
  return Math.min(MOST_MS, Math.max(LEAST_MS, (cost_ms * visible) / SHARE));
}

/**
 * @typedef {object} Painting
 * @property {() => void} request draw when it may be drawn
 * @property {() => void} now draw at the next frame, since a person asked for it
 * @property {() => void} remove
 */

/** @returns {{add: (element: Element, paint: () => void) => Painting, stop: () => void}} */
export function createPainter() {
  /** @type {Map<Element, Entry>} */
  const entries = new Map();
  let frame = 0;
  let timer = 0;

  /** @typedef {{paint: () => void, isWanted: boolean, isVisible: boolean, due_ms: number, cost_ms: number, paints: number}} Entry */

  const observer = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      const entry = entries.get(target);
      if (entry !== undefined) entry.isVisible = isIntersecting;
    }
    plan();
  });

  const waiting = () => [...entries.values()].filter(({ isWanted, isVisible }) => isWanted && isVisible);

  const plan = () => {
    const due = waiting();
    if (due.length === 0 || frame !== 0) return;
    const soonest = Math.min(...due.map(({ due_ms }) => due_ms)) - performance.now();
    window.clearTimeout(timer);
    if (soonest <= 0) frame = requestAnimationFrame(draw);
    else timer = window.setTimeout(plan, soonest);
  };

  /** One chart a frame, the one that waited longest: six at once would be one long task. A first drawing tells no cost. */
  const draw = () => {
    frame = 0;
    const start = performance.now();
    const next = waiting().filter(({ due_ms }) => due_ms <= start).sort((a, b) => a.due_ms - b.due_ms)[0];
    if (next !== undefined) {
      next.isWanted = false;
      next.paint();
      const took = performance.now() - start;
      if (next.paints > 0) next.cost_ms = next.paints === 1 ? took : 0.7 * next.cost_ms + 0.3 * took;
      next.paints += 1;
      const visible = [...entries.values()].filter(({ isVisible }) => isVisible).length;
      next.due_ms = start + interval_ms(next.cost_ms, visible);
    }
    plan();
  };

  return {
    add(element, paint) {
      /** @type {Entry} */
      const entry = { paint, isWanted: true, isVisible: false, due_ms: 0, cost_ms: 0, paints: 0 };
      entries.set(element, entry);
      observer.observe(element);
      const request = () => {
        entry.isWanted = true;
        plan();
      };
      return {
        request,
        now: () => {
          entry.due_ms = 0;
          request();
        },
        remove: () => {
          entries.delete(element);
          observer.unobserve(element);
        },
      };
    },
    stop() {
      observer.disconnect();
      entries.clear();
      cancelAnimationFrame(frame);
      window.clearTimeout(timer);
    },
  };
}
