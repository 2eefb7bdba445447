// @ts-check
/** A plot of an instrument: Plotly and what lies over it, with axes that do not jump while data come in. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { loadPlotly } from '../lib/plotly.js';
import { holdRange } from '../lib/ranges.js';
import { CONFIG, listen } from './chart_plot.js';
import { alarmMarks, changeMarks } from '../lib/marks.js';
import { paintCells } from './cells.js';
import { overlay } from './overlay.js';
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
  const canvas = h('canvas', { class: 'instrument-cells', testid: `${testid}-cells`, hidden: true });
  const plot = h('div', { class: 'plot' });
  const over = overlay();
  const wait = waiting();
  const [lost, said] = [h('span', { class: 'instrument-notes', testid: `${testid}-notes` }), h('span')];
  const caption = h('p', { class: 'meta instrument-caption' }, lost, said);
  const frame = h('div', { class: 'instrument-frame', testid, role: 'img' }, canvas, plot, ...over.elements, wait);
  /** @type {any} */
  let Plotly = null;
  let isListening = false;
  /** @type {{x: import('../lib/ranges.js').Held | null, y: import('../lib/ranges.js').Held | null}} */
  let held = { x: null, y: null };
  let heldFor = '';
  /** @type {Figure | null} */
  let shown = null;
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
    /** What is drawn now; null where that is nothing. */
    shown: () => shown,
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
      if (x !== null) held.x = holdRange(held.x, x, now);
      if (y !== null) held.y = holdRange(held.y, isLog ? logs : y, now);
      const [low, high] = held.y?.range ?? [0, 1];
      return { x: held.x?.range ?? [0, 1], y: isLog ? [10 ** low, 10 ** high] : [low, high] };
    },
    /**
     * @param {Figure} figure
     * @param {{empty: string, label: string, steps?: {open: import('../lib/store.js').RunState, range: [number, number], cursor: number | null}}} about
     *   empty: what an empty plot says; steps: of a plot over steps, what lies over it
     */
    draw(figure, { empty, label, steps }) {
      const { data, layout, notes, caption: words, cells } = figure;
      const isEmpty = data.length === 0;
      shown = isEmpty ? null : figure;
      wait.hidden = !isEmpty;
      plot.hidden = isEmpty;
      canvas.hidden = isEmpty || cells === undefined;
      setText(wait, empty);
      setText(said, words);
      setText(lost, notes.join(' · '));
      setAttribute(caption, 'title', [...notes, words].join('\n'));
      setAttribute(frame, 'aria-label', [label, isEmpty ? empty : words, ...notes].filter((text) => text !== '').join(': '));
      const marks = steps === undefined || isEmpty ? [] : [...changeMarks(steps.open), ...alarmMarks(steps.open)];
      over.update({
        margin: layout.margin, marks, notes: [], ends: [], height: layout.height,
        cursor: isEmpty ? null : (steps?.cursor ?? null), xRange: steps?.range ?? [0, 1],
      });
      if (isEmpty) return;
      if (cells !== undefined) place(canvas, cells, layout);
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

/** @param {HTMLCanvasElement} canvas @param {import('../charts/heatmap.js').Cells} cells @param {Record<string, any>} layout */
function place(canvas, cells, layout) {
  const { width, height, margin } = layout;
  canvas.style.inset = `${margin.t}px auto auto ${margin.l}px`;
  canvas.style.width = `${Math.max(1, width - margin.l - margin.r)}px`;
  canvas.style.height = `${Math.max(1, height - margin.t - margin.b)}px`;
  paintCells(canvas, cells, layout, window.devicePixelRatio);
}
