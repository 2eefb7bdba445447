// @ts-check
/** A chart of the comparison: its lines over the steps since the checkpoint, and a mark where the change took effect. */

import { h, setAttribute, setText, swatch } from '../lib/dom.js';
import { integer, number } from '../lib/format.js';
import { changeWords } from '../lib/ledger.js';
import { firstAtLeast } from '../lib/series.js';
import { twinSavings } from '../lib/savings.js';
import { palette } from '../lib/theme.js';
import { longestLabel } from '../lib/twins.js';
import { DASH_ARRAYS } from './chart_header.js';
import { chartMenu } from './chart_menu.js';
import { chartPlot } from './chart_plot.js';
import { overlay } from './overlay.js';
import { panel, waiting } from './panel.js';

/** Steps that an axis shows at least, however young the twins are. */
const FEWEST_STEPS = 10;

/**
 * @typedef {import('../lib/store.js').TwinsState} TwinsState
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {{title: string, testid: string, empty: string, lines: (twins: TwinsState) => import('../charts/lines.js').Line[]}} what
 */
export function twinsChart(store, painter, { title, testid, empty, lines }) {
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
    const { twins, view } = store.state;
    if (twins === null) return;
    const drawn = lines(twins);
    const hasPoints = drawn.some(({ steps }) => steps.length > 0);
    const isDrawn = hasPoints && plot.isReady();
    wait.hidden = isDrawn;
    plotElement.hidden = !hasPoints;
    setText(wait, hasPoints ? 'Drawing …' : empty);
    showValues(drawn.toReversed(), view.cursor);
    const { clientWidth: width, clientHeight: height } = frame.body;
    if (!isDrawn || width === 0 || height === 0) return;
    const xRange = view.range ?? wholeRange(twins);
    const { change, members, series } = twins;
    const shown = plot.draw({
      lines: drawn, xRange, log: false, fixed: null, fromZero: false, width, height,
      letters: longestLabel(members), uirevision: change[0].request_id, key: `${series} ${view.range}`,
    });
    over.update({ ...shown, marks: [changeMark(change)], cursor: view.cursor, xRange, height });
  };
  /** What the lines are at the cursor, or now. @param {import('../charts/lines.js').Line[]} drawn @param {number | null} cursor */
  const showValues = (drawn, cursor) => {
    const texts = drawn.map((line) => `${line.label} ${number(valueOf(line, cursor))}`);
    setAttribute(frame.body, 'aria-label', `${title}: ${texts.join(', ')}`);
    const key = drawn.map(({ label }) => label).join();
    if (values.dataset.key !== key) values.replaceChildren(...drawn.map(({ role, dash }) => h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), h('span'))));
    values.dataset.key = key;
    texts.forEach((text, index) => setText(/** @type {Element} */ (values.children[index].lastElementChild), text));
  };

  const savings = () => {
    const [{ twins }, drawn] = [store.state, plot.shown()];
    if (twins === null || drawn === null || plotElement.hidden) return [];
    return twinSavings({ twins, title, name: testid.replace('chart-', 'twin-'), lines: lines(twins), mark: changeMark(twins.change), drawn, colours: palette() });
  };
  frame.head.append(chartMenu(title, `save-${testid.replace('chart-', '')}`, savings));

  const painting = painter.add(frame.element, paint);
  const plot = chartPlot(plotElement, {
    onReady: painting.now,
    onFailure: (message) => setText(wait, message),
    onZoom: (range) => look((view) => (view.range = range)),
    onStep: (step) => look((view) => (view.cursor = step)),
  });
  const resize = new ResizeObserver(painting.now);
  resize.observe(frame.body);
  const stops = [store.subscribe(['twins'], painting.request), store.subscribe(['view', 'theme'], painting.now)];
  return {
    element: frame.element,
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      painting.remove();
      plot.dispose();
    },
  };
}

/** At a step, or now. @param {import('../charts/lines.js').Line} line @param {number | null} cursor */
function valueOf({ steps, last }, cursor) {
  return last[(cursor === null ? steps.length : firstAtLeast(steps, cursor + 1)) - 1];
}

/** From the checkpoint to the last step that any of the runs has. @param {TwinsState} twins @returns {[number, number]} */
function wholeRange({ from, scalars }) {
  const ends = [...scalars.values()].map(({ steps }) => steps.at(-1) ?? 0);
  return [from, Math.max(from + FEWEST_STEPS, ...ends)];
}

/** @param {import('../lib/types.js').LedgerItem[]} change @returns {import('../lib/marks.js').Mark} */
function changeMark(change) {
  const step = change[0].step ?? 0;
  return { key: 'change', step, text: `${change.map((item) => `${item.name} ${changeWords(item)}`).join(', ')} at step ${integer(step)}` };
}
