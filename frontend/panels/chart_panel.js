// @ts-check
/** One chart of scalars: its header, the plot, what lies over it, and what it waits for while it is empty. */

import { conceptOfChart } from '../lib/concepts.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { chosen } from '../lib/plan.js';
import { scalarSavings } from '../lib/savings.js';
import { stepRange } from '../lib/ranges.js';
import { hasEnded } from '../lib/reduce.js';
import { withErrors } from '../lib/series.js';
import { palette } from '../lib/theme.js';
import { chartMenu } from './chart_menu.js';
import { chartHeader } from './chart_header.js';
import { chartPlot } from './chart_plot.js';
import { alarmMarks, changeMarks } from '../lib/marks.js';
import { overlay } from './overlay.js';
import { panel, waiting } from './panel.js';

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {import('../lib/plan.js').Chart} first
 */
export function chartPanel(store, painter, first) {
  let chart = first;
  const look = (/** @type {(view: import('../lib/store.js').View) => void} */ change) => store.change(['view'], ({ view }) => change(view));
  const frame = panel(chart.title, { class: 'chart', testid: `chart-${chart.id}`, concept: 'charts' });
  const header = chartHeader(frame, { choose: (id) => look((view) => (view.choice[chart.id] = id)) });
  const plotElement = h('div', { class: 'plot' });
  const logButton = h('button', {
    type: 'button', class: 'log', text: 'log', title: 'Logarithmic axis', testid: `log-${chart.id}`,
    on: { click: () => look((view) => (view.log[chart.id] = !isLog(store, chart))) },
  });
  const over = overlay();
  const wait = waiting();
  frame.body.append(plotElement, ...over.elements, wait, logButton);
  const savings = () => {
    const { open, view: { choice, range } } = store.state;
    const drawn = plot.shown();
    return open === null || drawn === null || plotElement.hidden ? [] : scalarSavings({ open, chart, view: chosen(chart, choice), range, drawn, colours: palette() });
  };
  frame.head.append(chartMenu(chart.title, `save-${chart.id}`, savings));

  const paint = () => {
    const { open, view: looking } = store.state;
    if (open === null) return;
    const view = chosen(chart, looking.choice);
    const lines = view.traces.flatMap((trace) => withBuckets(open, trace, looking.range !== null));
    const hasPoints = lines.some(({ steps }) => steps.length > 0);
    const isDrawn = hasPoints && plot.isReady();
    wait.hidden = isDrawn;
    for (const part of over.elements) part.hidden = !isDrawn;
    plotElement.hidden = !hasPoints;
    logButton.hidden = !hasPoints || view.fixed !== null;
    setText(wait, hasPoints ? 'Drawing …' : waitsFor(open, view.traces));
    frame.what.set(chart.title, conceptOfChart(open, chart, looking.choice));
    header.showValues(open, chart, view, looking.cursor);
    const { clientWidth: width, clientHeight: height } = frame.body;
    if (!isDrawn || width === 0 || height === 0) return;
    const xRange = stepRange(looking.range, Math.max(open.run.step, ...lines.map(({ steps }) => steps.at(-1) ?? 0)));
    const log = isLog(store, chart) && view.fixed === null;
    const drawn = plot.draw({
      lines, xRange, log, width, height, fixed: view.fixed, fromZero: view.fromZero, uirevision: open.run.id, key: `${view.id} ${log} ${looking.range}`,
    });
    over.update({ ...drawn, marks: [...changeMarks(open), ...alarmMarks(open)], cursor: looking.cursor, xRange, height });
  };

  const painting = painter.add(frame.element, paint);
  const plot = chartPlot(plotElement, {
    onReady: painting.now,
    onFailure: (message) => setText(wait, message),
    onZoom: (range) => look((view) => (view.range = range)),
    onStep: (step) => look((view) => (view.cursor = step)),
  });
  const arrange = () => {
    const view = chosen(chart, store.state.view.choice);
    header.update(chart, view);
    setAttribute(logButton, 'aria-pressed', String(isLog(store, chart)));
    frame.element.classList.toggle('wide', chart.isWide);
    painting.now();
  };
  const resize = new ResizeObserver(painting.now);
  resize.observe(frame.body);
  const stops = [store.subscribe(['series', 'run', 'infos'], painting.request), store.subscribe(['view', 'ledger', 'alarms', 'theme'], arrange)];
  frame.body.setAttribute('role', 'group');
  arrange();

  return {
    element: frame.element,
    update: (/** @type {import('../lib/plan.js').Chart} */ next) => {
      const isOther = JSON.stringify(next) !== JSON.stringify(chart);
      chart = next;
      if (isOther) arrange();
    },
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      painting.remove();
      plot.dispose();
    },
  };
}

/** @param {import('../lib/store.js').Store} store @param {import('../lib/plan.js').Chart} chart */
function isLog(store, chart) {
  return store.state.view.log[chart.id] ?? chart.log;
}

/** @param {import('../lib/store.js').RunState} open @param {import('../lib/plan.js').Trace} trace @param {boolean} isZoomed */
function withBuckets(open, trace, isZoomed) {
  const found = (/** @type {string} */ name) => (isZoomed ? open.details.get(name) : undefined) ?? open.scalars.get(name);
  const buckets = found(trace.name);
  if (buckets === undefined) return [];
  return [{ ...(trace.error === undefined ? buckets : withErrors(buckets, found(trace.error))), ...trace }];
}

/** Whether a series is of a penalty whose weight is 0 now. @param {import('../lib/types.js').Run} run @param {string} name */
function isOff({ knobs }, name) {
  const [, entry] = /^(?:penalty|weighted)\.(.+)$/.exec(name) ?? [];
  const weight = knobs.find((knob) => knob.name === `${entry}.weight`);
  return weight !== undefined && Number(weight.value ?? weight.default) === 0;
}

/**
 * What an empty chart waits for, in words.
 * @param {import('../lib/store.js').RunState} open
 * @param {import('../lib/plan.js').Trace[]} traces
 */
export function waitsFor({ run, infos }, traces) {
  if (run.status === 'queued') return 'Waiting for a worker.';
  if (run.status === 'starting') return 'Waiting for the first step: the trainer is starting.';
  const isMeasured = traces.some(({ name }) => infos.has(name));
  if (infos.size > 0 && !isMeasured) return 'This run does not measure this.';
  if (traces.every(({ name }) => isOff(run, name))) return 'Not computed while its weight is 0.';
  return hasEnded(run.status) ? 'The run ended before this was measured.' : 'Waiting for the first point.';
}
