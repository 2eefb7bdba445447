// @ts-check
/** A sweep across parallel axes, as our own drawing: a line a run, and on each axis a range that keeps the runs within it. */

import { h, setAttribute, setText, swatch } from '../lib/dom.js';
import { axesOf, classOf, colourings, isKept, runWords, spotOf } from '../lib/parallel.js';
import { svg } from '../lib/svg.js';
import { palette } from '../lib/theme.js';
import { valueText } from '../lib/sweep.js';
import { LOOKS } from '../lib/compare.js';
import { DASH_ARRAYS } from './chart_header.js';
import { parallelAxis } from './parallel_axis.js';
import { strand } from './strand.js';

/** The drawing's height, the room around its axes, and what an axis needs (pixels). */
const [HEIGHT, TOP, BOTTOM, SIDE, LEAST] = [430, 44, 40, 64, 104];
/** The ramp begins so far from the colour of the background, that its lowest value is still seen. */
const RAMP_FROM = 0.35;

/**
 * @typedef {{colour: string | null, ranges: Map<string, [number, number]>}} Choice
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {Choice} choice changed in place
 * @param {{onChoice: () => void, open: (address: string) => void}} actions
 */
export function sweepParallel(store, painter, choice, { onChoice, open }) {
  const colour = h('select', { testid: 'parallel-colour' });
  const legend = h('span', { class: 'parallel-legend' });
  const count = h('span', { class: 'sweep-words', testid: 'parallel-count' });
  const all = h('button', { type: 'button', class: 'small', text: 'All runs', testid: 'parallel-all' });
  const words = h('p', { class: 'parallel-words', testid: 'parallel-words', 'aria-live': 'polite' });
  const [lines, scales] = [svg('g'), svg('g')];
  const drawing = svg('svg', { class: 'parallel', role: 'group', 'aria-label': 'Runs across parallel axes', height: HEIGHT, 'data-testid': 'parallel' }, lines, scales);
  const frame = h('div', { class: 'panel table-frame' }, drawing);
  const element = h('div', { class: 'sweep-view' }, h('div', { class: 'sweep-tools' }, h('label', { class: 'sweep-axis-of' }, h('span', { text: 'Colour' }), colour), legend, h('span', { class: 'spring' }), count, all), words, frame);
  /** @type {Map<string, ReturnType<typeof strand>>} */
  const strands = new Map();
  /** @type {Map<string, ReturnType<typeof parallelAxis>>} */
  const axisParts = new Map();
  /** @type {string | null} */
  let lit = null;

  const changed = () => {
    onChoice();
    painting.now();
  };
  colour.addEventListener('change', () => {
    choice.colour = colour.value;
    changed();
  });
  all.addEventListener('click', () => {
    choice.ranges.clear();
    changed();
  });
  const light = (/** @type {string | null} */ id) => {
    lit = id;
    strands.forEach((each, run) => each.element.classList.toggle('lit', run === id));
    drawing.classList.toggle('is-lit', id !== null);
    say();
  };
  const say = () => {
    const { sweep } = store.state;
    const run = sweep?.runs.find(({ id }) => id === lit);
    setText(words, sweep === null || run === undefined ? 'Point at a line, or go through them with Tab and ↑ ↓; Enter opens the run. Drag along an axis to keep a range.' : runWords(run, axesOf(sweep)));
  };
  const neighbour = (/** @type {string} */ id, /** @type {number} */ by) => {
    const kept = [...strands.values()].filter((each) => !each.element.classList.contains('left-out'));
    const next = kept[kept.findIndex((each) => each.id === id) + by];
    if (next !== undefined) next.focus();
  };

  const paint = () => {
    const { sweep } = store.state;
    if (sweep === null) return;
    const axes = axesOf(sweep);
    const width = Math.max(frame.clientWidth, axes.length * LEAST);
    setAttribute(drawing, 'width', String(width));
    const x = (/** @type {number} */ index) => (axes.length === 1 ? width / 2 : SIDE + (index / (axes.length - 1)) * (width - 2 * SIDE));
    const y = (/** @type {number | null} */ at) => (at === null ? HEIGHT - 16 : TOP + (1 - at) * (HEIGHT - TOP - BOTTOM));
    const colours = colourings(sweep, axes);
    const chosen = colours.find(({ id }) => id === choice.colour) ?? colours[0];
    const paintOf = strokesOf(sweep, axes, chosen);
    const kept = sweep.runs.filter((run) => isKept(run, axes, choice.ranges));
    for (const run of sweep.runs) {
      if (!strands.has(run.id)) {
        const made = strand(run, { light, neighbour, open });
        strands.set(run.id, made);
        lines.append(made.element);
      }
      const spots = axes.map((axis, index) => ({ x: x(index), y: y(spotOf(axis, run).at) }));
      strands.get(run.id)?.update({ words: runWords(run, axes), spots, isKept: kept.includes(run), isFirst: run === kept[0], ...paintOf(run) });
    }
    axes.forEach((axis, index) => {
      if (!axisParts.has(axis.id)) axisParts.set(axis.id, parallelAxis(choice.ranges, changed));
      const part = /** @type {ReturnType<typeof parallelAxis>} */ (axisParts.get(axis.id));
      if (part.element.parentNode === null) scales.append(part.element);
      part.update(axis, sweep.runs, x(index), y);
    });
    setText(count, `${kept.length} of ${sweep.runs.length} runs`);
    all.hidden = choice.ranges.size === 0;
    fillColours(colour, axes, colours, chosen?.id ?? '');
    showLegend(legend, sweep, axes, chosen);
    say();
  };
  const painting = painter.add(frame, paint);
  const resize = new ResizeObserver(painting.now);
  resize.observe(frame);
  const stops = [store.subscribe(['sweep'], painting.request), store.subscribe(['theme'], painting.now)];
  return {
    element,
    show: painting.request,
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      painting.remove();
    },
  };
}

/**
 * How a run's line is drawn.
 * @param {import('../lib/types.js').Sweep} sweep
 * @param {import('../lib/parallel.js').Axis[]} axes
 * @param {{id: string, isClasses: boolean} | undefined} chosen
 * @returns {(run: import('../lib/types.js').SweepRun) => {stroke: string, dash: string}}
 */
function strokesOf(sweep, axes, chosen) {
  const { roles, meta } = palette();
  const axis = axes.find(({ id }) => id === chosen?.id);
  return (run) => {
    if (axis === undefined || chosen === undefined) return { stroke: meta, dash: '' };
    if (chosen.isClasses) {
      const { role, dash } = LOOKS[Math.max(0, classOf(sweep, chosen.id, run))];
      return { stroke: roles[role], dash: DASH_ARRAYS[dash] };
    }
    const { at } = spotOf(axis, run);
    return at === null ? { stroke: meta, dash: DASH_ARRAYS.dot } : { stroke: rampAt(at), dash: '' };
  };
}

/** From near the background through D's colour to that of the text, in luminance. @param {number} at */
function rampAt(at) {
  const { line, text, roles } = palette();
  const stops = [line, roles.D, text].map((colour) => (colour.match(/[\d.]+/g) ?? ['0', '0', '0']).slice(0, 3).map(Number));
  const place = (RAMP_FROM + at * (1 - RAMP_FROM)) * 2;
  const stop = Math.min(1, Math.floor(place));
  return `rgb(${stops[stop].map((part, which) => Math.round(part + (stops[stop + 1][which] - part) * (place - stop))).join(' ')})`;
}

/** @param {HTMLSelectElement} select @param {import('../lib/parallel.js').Axis[]} axes @param {{id: string}[]} colours @param {string} value */
function fillColours(select, axes, colours, value) {
  const key = colours.map(({ id }) => id).join();
  if (select.dataset.key !== key) select.replaceChildren(...colours.map(({ id }) => h('option', { value: id, text: axes.find((axis) => axis.id === id)?.label ?? id })));
  select.dataset.key = key;
  select.value = value;
}

/** What a colour stands for. @param {HTMLElement} legend @param {import('../lib/types.js').Sweep} sweep @param {import('../lib/parallel.js').Axis[]} axes @param {{id: string, isClasses: boolean} | undefined} chosen */
function showLegend(legend, sweep, axes, chosen) {
  const axis = axes.find(({ id }) => id === chosen?.id);
  const values = sweep.axes.find(({ name }) => name === chosen?.id)?.values ?? [];
  const key = JSON.stringify([chosen, values, axis?.extent]);
  if (legend.dataset.key === key || axis === undefined || chosen === undefined) return;
  legend.dataset.key = key;
  const classes = values.map((value, index) => h('span', { class: 'value' }, swatch(LOOKS[index]?.role ?? 'noise', DASH_ARRAYS[LOOKS[index]?.dash ?? 'solid']), h('span', { text: valueText(value) })));
  legend.replaceChildren(...(chosen.isClasses ? classes : [h('span', { class: 'value' }, h('span', { text: 'low' }), h('i', { class: 'ramp parallel-ramp' }), h('span', { text: 'high' }))]));
}
