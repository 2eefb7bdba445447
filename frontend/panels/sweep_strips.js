// @ts-check
/** The γ picture of a sweep: rows are the values of one axis, columns the samples; those of one seed are of the same latents. */

import { h, setText } from '../lib/dom.js';
import { facts } from '../lib/sweep.js';
import { others, rowAxis, strips } from '../lib/strips.js';
import { gridStrip } from './grid_strip.js';
import { lastPicture } from './last_picture.js';

/** Measurements that stand beside a row. */
const MOST_FACTS = 4;
const EVERY = '';
/** Latents are drawn with the run's seed. */
const SAME = 'Samples: a column is the same latent in all rows of one seed';

/**
 * @typedef {import('../lib/types.js').SweepRun} SweepRun
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {{axis: string | null, only: string | null}} choice changed in place
 * @param {() => void} onChoice
 */
export function sweepStrips(store, painter, choice, onChoice) {
  const axis = h('select', { testid: 'strips-axis', on: { change: () => choose({ axis: axis.value, only: null }) } });
  const rest = h('select', { testid: 'strips-rest', on: { change: () => choose({ only: rest.value === EVERY ? null : rest.value }) } });
  const tools = h('div', { class: 'sweep-tools' }, h('label', { class: 'sweep-axis-of' }, h('span', { text: 'Rows' }), axis), h('label', { class: 'sweep-axis-of' }, h('span', { text: 'Shown' }), rest));
  const body = h('tbody');
  const corner = h('th', { scope: 'col' });
  const [shown, beside] = [h('th', { scope: 'col' }), h('th', { scope: 'col', text: 'Last measured' })];
  const table = h('table', { class: 'strips', testid: 'strips' }, h('thead', {}, h('tr', {}, corner, shown, beside)), body);
  const element = h('div', { class: 'sweep-view' }, tools, h('div', { class: 'panel table-frame' }, table));
  /** @type {Map<string, ReturnType<typeof samplesOf>>} */
  const pictures = new Map();
  let laidOut = '';

  const choose = (/** @type {Partial<typeof choice>} */ next) => {
    Object.assign(choice, next);
    onChoice();
    show();
  };
  const show = () => {
    const { sweep } = store.state;
    if (sweep === null) return;
    const rows = rowAxis(sweep, choice.axis);
    const found = strips(sweep, rows, choice.only);
    const isPoints = sweep.runs.some(({ picture }) => picture?.kind === 'points');
    for (const run of sweep.runs) {
      if (!pictures.has(run.id)) pictures.set(run.id, samplesOf(painter, run));
      pictures.get(run.id)?.update(run);
    }
    fillSelect(axis, sweep.axes.map(({ name }) => ({ value: name, text: name })), rows ?? '');
    const known = others(sweep, rows);
    fillSelect(rest, [{ value: EVERY, text: 'all' }, ...known.map((value) => ({ value, text: value }))], choice.only ?? EVERY);
    /** @type {HTMLElement} */ (rest.parentElement).hidden = known.length < 2;
    setText(corner, rows ?? '');
    setText(shown, isPoints ? 'Points, and what was measured last' : SAME);
    beside.hidden = isPoints;
    shown.colSpan = isPoints ? 2 : 1;
    const key = JSON.stringify([rows, found.map(({ runs }) => runs.map(({ run }) => run.id)), isPoints]);
    if (key !== laidOut) body.replaceChildren(...found.flatMap((strip) => (isPoints ? [pointsRow(strip, pictures)] : gridRows(strip, pictures))));
    laidOut = key;
  };
  const redraw = () => pictures.forEach((picture) => picture.redraw());
  const resize = new ResizeObserver(redraw);
  resize.observe(element);
  const stops = [store.subscribe(['sweep'], show), store.subscribe(['theme'], redraw)];
  return {
    element,
    show,
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      pictures.forEach((picture) => picture.dispose());
    },
  };
}

/** A row for each run of a value. @param {import('../lib/strips.js').Strip} strip @param {Map<string, ReturnType<typeof samplesOf>>} pictures */
function gridRows({ value, runs }, pictures) {
  if (runs.length === 0) return [goneRow(value)];
  return runs.map(({ run, rest }, index) => {
    const { grid, facts: measured } = /** @type {any} */ (pictures.get(run.id));
    return h('tr', { class: index === 0 ? 'sample-row first' : 'sample-row', testid: `strip-${run.id}` },
      h('th', { scope: 'row' }, h('span', { class: index === 0 ? '' : 'unseen', text: value }), rest === '' ? null : h('span', { class: 'meta strip-rest', text: rest })),
      h('td', { class: 'strip-cells' }, grid), h('td', {}, measured));
  });
}

/** A row for all runs of a value: a cloud is one picture, not many. @param {import('../lib/strips.js').Strip} strip @param {Map<string, ReturnType<typeof samplesOf>>} pictures */
function pointsRow({ value, runs }, pictures) {
  if (runs.length === 0) return goneRow(value);
  const clouds = runs.map(({ run, rest }) => {
    const { points, facts: measured } = /** @type {any} */ (pictures.get(run.id));
    return h('div', { class: 'strip-cloud', testid: `strip-${run.id}` }, points, h('span', { class: 'meta', text: rest }), measured);
  });
  return h('tr', { class: 'sample-row first points' }, h('th', { scope: 'row', text: value }), h('td', { colspan: 2 }, h('div', { class: 'strip-clouds' }, ...clouds)));
}

/** @param {string} value */
function goneRow(value) {
  return h('tr', { class: 'sample-row first' }, h('th', { scope: 'row', text: value }), h('td', { colspan: 2, class: 'waiting', text: 'Its runs were deleted.' }));
}

/**
 * One run's samples, as a strip of cells and as a cloud, whichever it has; and its measurements.
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {SweepRun} run
 */
function samplesOf(painter, { id, name }) {
  const props = { href: `/runs/${encodeURIComponent(id)}`, 'aria-label': `${name}: open the run` };
  const strip = gridStrip(painter, id);
  const cloud = lastPicture(painter, id);
  const stage = h('a', { class: 'strip-stage', ...props }, ...cloud.elements);
  cloud.on(stage);
  const list = h('dl', { class: 'cell-facts' });
  return {
    grid: h('a', { class: 'strip-link', ...props }, strip.element),
    points: stage,
    facts: list,
    /** @param {SweepRun} run */
    update(run) {
      const { picture, status } = run;
      strip.update(picture?.kind === 'grid' ? picture : null, status);
      cloud.update(picture?.kind === 'points' ? picture : null, `${status}: no samples`);
      const shown = facts(run).slice(0, MOST_FACTS);
      const key = JSON.stringify(shown);
      if (list.dataset.key !== key) list.replaceChildren(...shown.map(({ label, text, title }) => h('div', { title }, h('dt', { text: label }), h('dd', { text }))));
      list.dataset.key = key;
    },
    redraw() {
      strip.redraw();
      cloud.redraw();
    },
    dispose() {
      strip.dispose();
      cloud.dispose();
    },
  };
}

/** @param {HTMLSelectElement} select @param {{value: string, text: string}[]} options @param {string} value */
function fillSelect(select, options, value) {
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) select.replaceChildren(...options.map((props) => h('option', props)));
  select.dataset.key = key;
  select.value = value;
}
