// @ts-check
/** The grid of samples, each of its pixels a whole number of the screen's, with the names of its rows and columns. */

import { figure } from '../charts/grid.js';
import { pictureAddress } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { waiting } from './panel.js';
import { stepAt, stepper } from './stepper.js';

/** A dragged slider asks for a picture when it has been still for so long; a live one at most so often. */
const STILL_MS = 120;

/**
 * @param {import('../lib/store.js').Store} store
 * @returns {import('./pictures.js').Content}
 */
export function samples(store) {
  const picture = h('img', { class: 'samples-picture', alt: '', testid: 'samples-grid', hidden: true, decoding: 'async' });
  const rows = h('div', { class: 'row-labels', 'aria-hidden': 'true' });
  const columns = h('div', { class: 'column-labels', 'aria-hidden': 'true' });
  const wait = waiting();
  const stage = h('div', { class: 'stage' }, h('div', { class: 'sheet' }, columns, rows, picture), wait);
  const control = stepper(store, 'Samples');
  const element = h('div', { class: 'samples' }, stage, control.element);
  let wanted = '';
  let timer = 0;
  /** @type {{series: string, step: number} | null} */
  let shown = null;

  const fetchPicture = async (/** @type {string} */ address, /** @type {string} */ name, /** @type {number} */ step) => {
    const loading = new Image();
    loading.src = address;
    const isThere = await loading.decode().then(() => true, () => false);
    if (wanted !== address) return;
    wait.hidden = isThere;
    setText(wait, `The picture of step ${integer(step)} could not be loaded.`);
    if (!isThere) return;
    shown = { series: name, step };
    picture.src = address;
    picture.hidden = false;
    picture.alt = `Samples at step ${step}`;
    picture.dataset.step = String(step);
    lay();
  };

  const lay = () => {
    const { open } = store.state;
    if (open === null || shown === null || picture.naturalWidth === 0) return;
    const sheet = sheetOf(open, shown.series, picture.naturalWidth, picture.naturalHeight);
    const { layout } = figure(sheet, { width: stage.clientWidth, height: stage.clientHeight, ratio: window.devicePixelRatio });
    picture.style.width = `${layout.width}px`;
    picture.style.height = `${layout.height}px`;
    picture.classList.toggle('smooth', layout.scale * window.devicePixelRatio < 1);
    rows.style.width = `${layout.left}px`;
    columns.style.marginLeft = `${layout.left}px`;
    columns.style.height = `${layout.top}px`;
    columns.classList.toggle('upright', layout.isUpright);
    rows.replaceChildren(...layout.rows.map(({ text, size }) => label(text, 'height', size)));
    columns.replaceChildren(...layout.columns.map(({ text, size }) => label(text, 'width', size)));
  };

  const show = () => {
    const { open, view } = store.state;
    if (open === null) return;
    const name = pickSeries(open.pictures, 'samples');
    const steps = name === null ? [] : (open.pictures.get(name) ?? []);
    const step = stepAt(steps, view.cursor);
    control.update(steps, step, view.cursor);
    wait.hidden = step !== null;
    setText(wait, waits(open.run.status));
    if (name === null || step === null) return;
    const address = pictureAddress(open.run.id, name, step);
    if (address === wanted) return;
    wanted = address;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => fetchPicture(address, name, step), shown === null ? 0 : STILL_MS);
  };

  const resize = new ResizeObserver(lay);
  resize.observe(stage);
  const unsubscribe = store.subscribe(['pictures', 'view', 'run', 'infos'], show);
  show();
  return {
    element,
    words: () => (shown === null ? '' : `step ${integer(shown.step)}`),
    savings: () => {
      const { open } = store.state;
      if (open === null || shown === null) return [];
      const { series, step } = shown;
      return [{ label: '', run: open.run.id, name: series, steps: [step], picture: pictureAddress(open.run.id, series, step) }];
    },
    dispose: () => {
      unsubscribe();
      resize.disconnect();
      window.clearTimeout(timer);
    },
  };
}

/**
 * The series of that name if there is one, else the first of its kind.
 * @param {Map<string, number[]>} all
 * @param {string} preferred
 * @returns {string | null}
 */
export function pickSeries(all, preferred) {
  return all.has(preferred) ? preferred : ([...all.keys()][0] ?? null);
}

/**
 * Rows, columns and their names, as the trainer said; a bare picture while that is not known.
 * @param {import('../lib/store.js').RunState} open
 * @param {string} series
 * @param {number} width
 * @param {number} height
 */
function sheetOf(open, series, width, height) {
  const { rows = 1, columns = 1, row_labels: rowLabels = null, column_labels: columnLabels = null } = open.layouts.get(series) ?? {};
  return { width, height, rows, columns, rowLabels, columnLabels };
}

/** @param {string} text @param {'width' | 'height'} side @param {number} size */
function label(text, side, size) {
  const element = h('span', { text, title: text });
  element.style[side] = `${size}px`;
  return element;
}

/** @param {string} status */
function waits(status) {
  if (status === 'queued') return 'Waiting for a worker.';
  if (status === 'starting') return 'The first samples come with the first step.';
  return 'No samples yet.';
}
