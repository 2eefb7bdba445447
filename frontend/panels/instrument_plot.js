// @ts-check
/** A plot of an instrument: Plotly and what lies over it, with axes that do not jump while data come in. */

import { h, setText } from '../lib/dom.js';
import { loadPlotly } from '../lib/plotly.js';
import { holdRange } from '../lib/ranges.js';
import { CONFIG, listen } from './chart_plot.js';
import { changeMarks, overlay } from './overlay.js';
import { waiting } from './panel.js';

/**
 * @typedef {import('../lib/plot_layout.js').Extents} Extents
 * @typedef {import('../lib/plot_layout.js').Figure} Figure
 * @typedef {{x: [number, number], y: [number, number]}} Ranges
 */

/**
 * @param {string} testid
 * @param {{onReady: () => void, onZoom?: (range: [number, number] | null) => void, onStep?: (step: number) => void}} listener
 */
export function instrumentPlot(testid, { onReady, onZoom, onStep }) {
  const plot = h('div', { class: 'plot' });
  const over = overlay();
  const wait = waiting();
  const caption = h('p', { class: 'meta instrument-caption' });
  const frame = h('div', { class: 'instrument-frame', testid, role: 'img' }, plot, ...over.elements, wait);
  /** @type {any} */
  let Plotly = null;
  let isListening = false;
  /** @type {{x: import('../lib/ranges.js').Held | null, y: import('../lib/ranges.js').Held | null}} */
  let held = { x: null, y: null };
  let heldFor = '';
  loadPlotly().then(
    (loaded) => {
      Plotly = loaded;
      onReady();
    },
    (error) => setText(wait, error.message),
  );

  return {
    element: h('div', { class: 'instrument-part' }, frame, caption),
    frame,
    /** Room for the plot, in CSS pixels; null while there is none or Plotly is not there. */
    room: () => (Plotly === null || frame.clientWidth === 0 || frame.clientHeight === 0 ? null : { width: frame.clientWidth, height: frame.clientHeight }),
    /**
     * Ranges that grow at once and shrink late.
     * @param {string} key another key, another picture: its ranges are found anew
     * @param {Extents} extents
     * @param {boolean} isLog whether y runs on a log axis
     * @returns {Ranges}
     */
    ranges(key, { x, y }, isLog) {
      if (key !== heldFor) held = { x: null, y: null };
      heldFor = key;
      const now = performance.now();
      const logs = y === null ? null : /** @type {[number, number]} */ (y.map(Math.log10));
      held = { x: holdRange(held.x, x, now), y: holdRange(held.y, isLog ? logs : y, now) };
      const [low, high] = held.y.range;
      return { x: held.x.range, y: isLog ? [10 ** low, 10 ** high] : [low, high] };
    },
    /**
     * @param {Figure} figure
     * @param {{words: string, label: string, steps?: {open: import('../lib/store.js').RunState, range: [number, number], cursor: number | null}}} about
     *   words: what an empty plot says; steps: of a plot over steps, what lies over it
     */
    draw({ data, layout, notes, caption: said }, { words, label, steps }) {
      const isEmpty = data.length === 0;
      wait.hidden = !isEmpty;
      plot.hidden = isEmpty;
      setText(wait, words);
      setText(caption, said);
      frame.setAttribute('aria-label', [label, isEmpty ? words : said, ...notes].filter((text) => text !== '').join(': '));
      const marks = steps === undefined || isEmpty ? [] : changeMarks(steps.open);
      over.update({
        margin: layout.margin, marks, notes: isEmpty ? [] : notes, ends: [], height: layout.height,
        cursor: isEmpty ? null : (steps?.cursor ?? null), xRange: steps?.range ?? [0, 1],
      });
      if (isEmpty) return;
      Plotly.react(plot, data, layout, CONFIG);
      if (!isListening) listen(/** @type {any} */ (plot), { onZoom: onZoom ?? (() => {}), onStep: onStep ?? (() => {}) });
      isListening = true;
    },
    /** What is said instead of a plot, before anything can be drawn. @param {string} words */
    say(words) {
      wait.hidden = false;
      setText(wait, words);
    },
    dispose: () => Plotly?.purge(plot),
  };
}
