// @ts-check
/** A Plotly plot of lines that keeps its zoom and its range of values while data come in. */

import { extent, figure } from '../charts/lines.js';
import { loadPlotly } from '../lib/plotly.js';
import { holdRange } from '../lib/ranges.js';
import { palette } from '../lib/theme.js';

export const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false, responsive: false, scrollZoom: false };
/** A share runs from 0 to 1; this much more, so that a line along the edge is seen. */
const EDGE = 0.02;

/**
 * @typedef {object} Want what a plot shall show
 * @property {import('../charts/lines.js').Line[]} lines
 * @property {[number, number]} xRange
 * @property {[number, number] | null} fixed range of the values where it is known beforehand
 * @property {boolean} fromZero
 * @property {boolean} log
 * @property {string} key another key, another picture: its range of values is found anew
 * @property {string} uirevision
 * @property {number} width
 * @property {number} height
 * @property {number} [letters] room for end labels so long
 * @property {boolean} [isTime] whether it runs over milliseconds instead of steps
 *
 * @typedef {object} Listener
 * @property {() => void} onReady
 * @property {(message: string) => void} onFailure
 * @property {(range: [number, number] | null) => void} onZoom
 * @property {(step: number) => void} onStep
 */

/**
 * @param {HTMLElement} element
 * @param {Listener} listener
 */
export function chartPlot(element, listener) {
  /** @type {any} */
  let Plotly = null;
  /** @type {import('../lib/ranges.js').Held | null} */
  let held = null;
  let heldFor = '';
  let isListening = false;
  /** @type {ReturnType<typeof figure> | null} */
  let shown = null;
  loadPlotly().then(
    (loaded) => {
      Plotly = loaded;
      listener.onReady();
    },
    (error) => listener.onFailure(error.message),
  );

  /** @param {Want} want @returns {[number, number]} */
  const valueRange = ({ lines, xRange, fixed, fromZero, log, key }) => {
    if (fixed !== null) return [fixed[0] - EDGE, fixed[1] + EDGE];
    const found = extent(lines, xRange, log);
    const scaled = found === null ? null : scaledExtent(found, log, fromZero);
    held = holdRange(key === heldFor ? held : null, scaled, performance.now());
    heldFor = key;
    return log ? [10 ** held.range[0], 10 ** held.range[1]] : held.range;
  };

  return {
    isReady: () => Plotly !== null,
    /** What is drawn now. */
    shown: () => shown,
    /**
     * @param {Want} want
     * @returns {{margin: any, notes: string[], ends: {label: string, role: string, y: number}[]}} for what lies over it
     */
    draw(want) {
      const { lines, xRange, log, uirevision, width, height, letters, isTime } = want;
      const drawn = figure(lines, { uirevision, width, height, xRange, log, letters, isTime, colours: palette(), yRange: valueRange(want) });
      shown = drawn;
      Plotly.react(element, drawn.data, drawn.layout, CONFIG);
      if (!isListening) listen(/** @type {any} */ (element), listener);
      isListening = true;
      const axis = /** @type {any} */ (element)._fullLayout.yaxis;
      const ends = drawn.ends.map(({ label, role, value }) => ({ label, role, y: axis._offset + axis.d2p(value) }));
      return { margin: drawn.layout.margin, notes: drawn.notes, ends };
    },
    dispose: () => Plotly?.purge(element),
  };
}

/** @param {[number, number]} extent @param {boolean} log @param {boolean} fromZero @returns {[number, number]} */
function scaledExtent([low, high], log, fromZero) {
  if (log) return [Math.log10(low), Math.log10(high)];
  return fromZero ? [Math.min(0, low), Math.max(1, high)] : [low, high];
}

/** @param {any} plot @param {Pick<Listener, 'onZoom' | 'onStep'>} listener */
export function listen(plot, { onZoom, onStep }) {
  plot.on('plotly_relayout', (/** @type {any} */ change) => {
    const [from, to] = [change['xaxis.range[0]'], change['xaxis.range[1]']];
    if (typeof from === 'number' && typeof to === 'number') onZoom([from, to]);
  });
  plot.on('plotly_doubleclick', () => onZoom(null));
  plot.on('plotly_click', (/** @type {any} */ event) => onStep(Math.round(event.points[0].x)));
}
