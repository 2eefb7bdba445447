// @ts-check
/** The page of several runs at once: what differs between them, each series with all of them over it, and their samples. */

import { addressOf, letter, linesOf, marksOf, seriesToShow, viewFrom, wantedFrom, wholeRange } from '../lib/compare.js';
import { compareSavings } from '../lib/compare_savings.js';
import { measuredNames } from '../lib/compare_tables.js';
import { h } from '../lib/dom.js';
import { followRuns } from '../lib/live_compare.js';
import { wholeOnEscape, zoomDetail } from '../lib/looking.js';
import { createPainter } from '../lib/painter.js';
import { palette } from '../lib/theme.js';
import { chartMenu } from '../panels/chart_menu.js';
import { compareHead } from '../panels/compare_head.js';
import { compareSamples } from '../panels/compare_samples.js';
import { differences, measured } from '../panels/compare_tables.js';
import { overlayChart } from '../panels/overlay_chart.js';
import { waiting } from '../panels/panel.js';

/**
 * @param {import('../app.js').Context} context
 * @returns {() => void} leaves the page
 */
export function comparePage(context) {
  const { store, page, bar, go } = context;
  const painter = createPainter();
  const wanted = wantedFrom(location.search);
  store.change(['view'], ({ view }) => Object.assign(view, viewFrom(location.search)));
  const align = () => wanted.align;
  const series = (/** @type {string[]} */ names = store.state.compare?.names ?? []) => seriesToShow(names, wanted.series);
  const following = followRuns(store, wanted, series, align, () => context.onSignedOut());

  const showInAddress = () => history.replaceState(null, '', addressOf(wanted, store.state.view));
  /** Another set of series, or another axis: what is there is drawn anew. */
  const again = () => {
    showInAddress();
    following.want(series());
    store.change(['compare', 'view'], () => {});
  };
  const withRuns = (/** @type {string[]} */ runs) => go(addressOf({ ...wanted, runs }, store.state.view));
  const actions = {
    align,
    series,
    setAlign: (/** @type {import('../lib/compare.js').Align} */ next) => {
      const isOtherUnit = (next === 'time') !== (wanted.align === 'time');
      wanted.align = next;
      if (isOtherUnit) store.change(['view'], ({ view }) => Object.assign(view, { cursor: null, range: null }));
      again();
    },
    addSeries: (/** @type {string} */ name) => {
      wanted.series = [...series(), name];
      again();
    },
    removeSeries: (/** @type {string} */ name) => {
      wanted.series = series().filter((each) => each !== name);
      again();
    },
    addRun: (/** @type {string} */ id) => withRuns([...wanted.runs, id]),
    removeRun: (/** @type {string} */ id) => withRuns(wanted.runs.filter((each) => each !== id)),
  };
  const charts = chartList(store, painter, actions);
  const head = compareHead(store, actions);
  const tables = [differences(store), measured(store, { align, series })];
  const pictures = compareSamples(store, painter, align);
  const parts = [head, ...tables, charts, pictures];
  const rest = [charts.element, pictures.element, h('div', { class: 'compare-tables' }, ...tables.map(({ element }) => element))];
  const title = h('h1', { class: 'unseen', text: 'Runs compared' });
  const wait = waiting(wanted.runs.length === 0 ? 'Pick runs in the list of runs, and compare them from there.' : 'Loading …');
  page.className = 'compare-page';
  page.replaceChildren(title, wait);
  bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('span', { class: 'here', text: 'compare', testid: 'compare-here' }));
  document.title = 'Compare · Modescope';

  /** The snapshot that is shown: a new one has only the series of the charts. @type {import('../lib/compare.js').CompareState | null} */
  let known = null;
  const show = () => {
    const { compare } = store.state;
    if (compare === null || wanted.runs.length === 0) return;
    document.title = `${compare.ids.map((id) => compare.opens.get(id)?.run.name).join(' and ')} · Modescope`;
    if (wait.parentElement !== null) page.replaceChildren(title, head.element, ...(compare.ids.length === 0 ? [] : rest));
    for (const part of parts) part.show();
    if (compare === known) return;
    known = compare;
    atCursor();
    following.zoom();
  };
  const atCursor = () => {
    const { compare, view } = store.state;
    showInAddress();
    if (compare !== null && view.cursor !== null) following.want(measuredNames([...compare.opens.values()], series()));
  };
  const forget = () => store.change(['compare'], ({ compare }) => compare?.opens.forEach(({ details }) => details.clear()));
  const stops = [store.subscribe(['compare'], show), store.subscribe(['view'], atCursor), zoomDetail(store, forget, following.zoom), wholeOnEscape(store), arrows(store, align)];
  return () => {
    following.stop();
    for (const stop of stops) stop();
    for (const part of parts) part.dispose();
    painter.stop();
  };
}

/**
 * A chart for each series that is shown.
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<typeof createPainter>} painter
 * @param {{align: () => import('../lib/compare.js').Align, series: () => string[], removeSeries: (name: string) => void}} actions
 */
function chartList(store, painter, { align, series, removeSeries }) {
  const element = h('div', { class: 'compare-charts' });
  /** @type {Map<string, ReturnType<typeof seriesChart>>} */
  let charts = new Map();
  const show = () => {
    const before = charts;
    charts = new Map(series().map((name) => [name, before.get(name) ?? seriesChart(store, painter, name, align, () => removeSeries(name))]));
    for (const [name, chart] of before) if (!charts.has(name)) chart.dispose();
    if ([...before.keys()].join() !== [...charts.keys()].join()) element.replaceChildren(...[...charts.values()].map((chart) => chart.element));
  };
  return { element, show, dispose: () => charts.forEach((chart) => chart.dispose()) };
}

/** @param {import('../lib/store.js').Store} store @param {ReturnType<typeof createPainter>} painter @param {string} name @param {() => import('../lib/compare.js').Align} align @param {() => void} remove */
function seriesChart(store, painter, name, align, remove) {
  const picture = (/** @type {import('../lib/store.js').View} */ view) => {
    const { compare } = store.state;
    if (compare === null) return null;
    return {
      lines: linesOf(compare, name, align(), view.range !== null), whole: wholeRange(compare, align()), marks: marksOf(compare, align()), letters: letter(0).length,
      uirevision: `${compare.ids} ${align()}`, key: `${name} ${align()}`, log: view.log[name] ?? false, isTime: align() === 'time',
      empty: compare.names.includes(name) ? 'Nothing of this series was measured yet.' : 'None of these runs measures this.',
    };
  };
  const chart = overlayChart(store, painter, { title: name, testid: `chart-${name}`, topic: 'compare', picture });
  const log = h('button', { type: 'button', class: 'small plain', text: 'log', 'aria-pressed': String(store.state.view.log[name] ?? false), title: 'Logarithmic axis', testid: `log-${name}` });
  log.addEventListener('click', () => {
    store.change(['view'], ({ view }) => (view.log[name] = !(view.log[name] ?? false)));
    log.setAttribute('aria-pressed', String(store.state.view.log[name]));
  });
  const savings = () => {
    const [{ compare, view }, drawn] = [store.state, chart.shown()];
    return compare === null || drawn === null ? [] : compareSavings({ compare, name, align: align(), isZoomed: view.range !== null, drawn, colours: palette() });
  };
  chart.head.append(log, chartMenu(name, `save-${name}`, savings), h('button', { type: 'button', class: 'small plain', text: '×', 'aria-label': `Leave out ${name}`, on: { click: remove } }));
  return chart;
}

/** ← and → move the cursor by a hundredth of what there is, with Shift by a tenth. @param {import('../lib/store.js').Store} store @param {() => import('../lib/compare.js').Align} align */
function arrows(store, align) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const by = /** @type {Record<string, number>} */ ({ ArrowLeft: -0.01, ArrowRight: 0.01 })[event.key];
    const { compare, view } = store.state;
    const isOnControl = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
    if (by === undefined || compare === null || isOnControl || event.ctrlKey || event.metaKey || event.altKey) return;
    const [from, to] = wholeRange(compare, align());
    const next = (view.cursor ?? to) + by * (event.shiftKey ? 10 : 1) * (to - from);
    store.change(['view'], (state) => (state.view.cursor = Math.round(Math.min(to, Math.max(from, next)))));
    event.preventDefault();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
