// @ts-check
/** A chart in which several runs lie over each other: their lines, marks, the cursor, and their values at it or now. */

import { h, setAttribute, setText, swatch } from '../lib/dom.js';
import { number } from '../lib/format.js';
import { firstAtLeast } from '../lib/series.js';
import { DASH_ARRAYS } from './chart_header.js';
import { chartPlot } from './chart_plot.js';
import { overlay } from './overlay.js';
import { panel, waiting } from './panel.js';

/**
 * @typedef {import('../charts/lines.js').Line} Line
 *
 * @typedef {object} Picture what is drawn
 * @property {Line[]} lines the one in front last
 * @property {[number, number]} whole what is shown while nobody has zoomed
 * @property {import('../lib/marks.js').Mark[]} marks
 * @property {number} letters room for end labels so long
 * @property {string} uirevision
 * @property {string} key another key, another picture: its range of values is found anew
 * @property {boolean} [log]
 * @property {boolean} [isTime] whether it runs over milliseconds instead of steps
 * @property {string} empty what is said while there is no line
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {{title: string, testid: string, topic: string, picture: (view: import('../lib/store.js').View) => Picture | null}} what
 */
export function overlayChart(store, painter, { title, testid, topic, picture }) {
  const frame = panel(title, { class: 'chart', testid });
  const plotElement = h('div', { class: 'plot' });
  const values = h('span', { class: 'values' });
  const over = overlay();
  const wait = waiting();
  frame.aside.append(values);
  frame.body.append(plotElement, ...over.elements, wait);
  frame.body.setAttribute('role', 'group');
  const look = (/** @type {(view: import('../lib/store.js').View) => void} */ change) => store.change(['view'], ({ view }) => change(view));

  const paint = () => {
    const { view } = store.state;
    const wanted = picture(view);
    if (wanted === null) return;
    const { lines, whole, marks, empty, key, log = false, ...rest } = wanted;
    const hasPoints = lines.some(({ steps }) => steps.length > 0);
    const isDrawn = hasPoints && plot.isReady();
    wait.hidden = isDrawn;
    for (const part of [plotElement, ...over.elements]) part.hidden = !hasPoints;
    setText(wait, hasPoints ? 'Drawing …' : empty);
    showValues(lines.toReversed(), view.cursor);
    const { clientWidth: width, clientHeight: height } = frame.body;
    if (!isDrawn || width === 0 || height === 0) return;
    const xRange = view.range ?? whole;
    const shown = plot.draw({ ...rest, lines, xRange, log, fixed: null, fromZero: false, width, height, key: `${key} ${log} ${view.range}` });
    over.update({ ...shown, marks, cursor: view.cursor, xRange, height });
  };
  /** What the lines are at the cursor, or now. @param {Line[]} lines @param {number | null} cursor */
  const showValues = (lines, cursor) => {
    const texts = lines.map((line) => `${line.label} ${number(valueOf(line, cursor))}`);
    setAttribute(frame.body, 'aria-label', `${title}: ${texts.join(', ')}`);
    const key = lines.map(({ label, role }) => `${label} ${role}`).join();
    if (values.dataset.key !== key) values.replaceChildren(...lines.map(({ role, dash }) => h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), h('span'))));
    values.dataset.key = key;
    texts.forEach((text, index) => setText(/** @type {Element} */ (values.children[index].lastElementChild), text));
  };

  const painting = painter.add(frame.element, paint);
  const plot = chartPlot(plotElement, {
    onReady: painting.now,
    onFailure: (message) => setText(wait, message),
    onZoom: (range) => look((view) => (view.range = range)),
    onStep: (step) => look((view) => (view.cursor = step)),
  });
  const resize = new ResizeObserver(painting.now);
  resize.observe(frame.body);
  const stops = [store.subscribe([topic], painting.request), store.subscribe(['view', 'theme'], painting.now)];
  return {
    element: frame.element,
    head: frame.head,
    redraw: painting.now,
    /** The figure in force; null while none is drawn. */
    shown: () => (plotElement.hidden ? null : plot.shown()),
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      painting.remove();
      plot.dispose();
    },
  };
}

/** At a step, or now. @param {Line} line @param {number | null} cursor */
function valueOf({ steps, last }, cursor) {
  return last[(cursor === null ? steps.length : firstAtLeast(steps, cursor + 1)) - 1];
}
