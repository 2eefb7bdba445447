// @ts-check
/** A grid of samples, each of its pixels a whole number of the screen's, with the names of its rows and columns. */

import { figure } from '../charts/grid.js';
import { pictureAddress } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { gridChoices, gridShown } from '../lib/grids.js';
import { newestFirst, recentlyUsed } from '../lib/latest.js';
import { gridPicker } from './grid_picker.js';
import { waiting } from './panel.js';
import { stepAt, stepper } from './stepper.js';

/** Decoded pictures that are kept, so that the cursor goes back without asking. */
const MOST_KEPT = 32;
/** Pictures before and after the one that is shown which are fetched with it. */
const AHEAD = 3;

/** @typedef {{key: string, address: string, series: string, step: number}} Wanted */

/**
 * @param {import('../lib/store.js').Store} store
 * @param {HTMLElement[]} [tools] buttons beside the slider
 * @returns {import('./pictures.js').Content}
 */
export function samples(store, tools = []) {
  const picture = h('img', { class: 'samples-picture', alt: '', testid: 'samples-grid', hidden: true, decoding: 'async' });
  const rows = h('div', { class: 'row-labels', 'aria-hidden': 'true' });
  const columns = h('div', { class: 'column-labels', 'aria-hidden': 'true' });
  const wait = waiting();
  const stage = h('div', { class: 'stage' }, h('div', { class: 'sheet' }, columns, rows, picture), wait);
  const control = stepper(store, 'Samples', tools);
  const picker = gridPicker(store);
  control.element.prepend(picker.element);
  const element = h('div', { class: 'samples' }, stage, control.element);
  /** @type {ReturnType<typeof recentlyUsed<HTMLImageElement>>} */
  const kept = recentlyUsed(MOST_KEPT);
  /** @type {Wanted | null} */
  let wanted = null;
  /** @type {Wanted | null} */
  let shown = null;

  /** @param {Wanted} wish @returns {Promise<boolean>} whether it is there */
  const load = async ({ key, address }) => {
    if (kept.get(key) !== undefined) return true;
    const loading = new Image();
    loading.src = address;
    const isThere = await loading.decode().then(() => true, () => false);
    if (isThere) kept.put(key, loading);
    return isThere;
  };
  const say = (/** @type {string} */ words) => {
    wait.hidden = words === '';
    setText(wait, words);
  };
  /** @param {Wanted} wish */
  const put = (wish) => {
    shown = wish;
    say('');
    picture.src = wish.address;
    picture.hidden = false;
    picture.alt = `${gridChoices(/** @type {any} */ (store.state.open)).find(({ name }) => name === wish.series)?.label ?? ''} samples at step ${wish.step}`.trim();
    picture.dataset.step = String(wish.step);
    lay();
  };
  const fetchPicture = newestFirst(async (/** @type {Wanted} */ wish) => {
    const isThere = await load(wish);
    if (store.state.open === null || wish.series !== wanted?.series) return;
    if (isThere) put(wish);
    else if (wish.key === wanted.key) say(`The picture of step ${integer(wish.step)} could not be loaded.`);
    if (store.state.view.cursor !== null) await ahead(wish);
  });
  /** Neighbours of a pinned step, until somebody wishes for something else. @param {Wanted} wish */
  const ahead = async (wish) => {
    const steps = store.state.open?.pictures.get(wish.series) ?? [];
    const at = steps.indexOf(wish.step);
    for (const step of steps.slice(Math.max(0, at - AHEAD), at + AHEAD + 1)) {
      if (wanted?.key !== wish.key || store.state.open === null) return;
      await load(wishFor(wish.series, step));
    }
  };

  const lay = () => {
    const { open } = store.state;
    if (open === null || shown === null) return;
    const { naturalWidth: width, naturalHeight: height } = kept.get(shown.key) ?? picture;
    if (width === 0) return;
    const sheet = sheetOf(open, shown.series, width, height);
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

  /** A step that a later attempt went through again has another picture. @param {string} series @param {number} step @returns {Wanted} */
  const wishFor = (series, step) => {
    const { id, attempt } = /** @type {import('../lib/store.js').RunState} */ (store.state.open).run;
    const address = pictureAddress(id, series, step);
    return { key: `${attempt} ${address}`, address, series, step };
  };

  const show = () => {
    const { open, view } = store.state;
    if (open === null) return;
    const name = gridShown(open, view)?.name ?? null;
    const steps = name === null ? [] : (open.pictures.get(name) ?? []);
    const step = stepAt(steps, view.cursor);
    picker.show();
    control.update(steps, step, view.cursor);
    if (step === null) {
      picture.hidden = true;
      wanted = null;
      say(waits(open.run.status, name));
    }
    if (name === null || step === null) return;
    const wish = wishFor(name, step);
    if (wish.key === wanted?.key) return;
    wanted = wish;
    if (kept.get(wish.key) === undefined) fetchPicture(wish);
    else put(wish);
  };

  const resize = new ResizeObserver(lay);
  resize.observe(stage);
  const unsubscribe = store.subscribe(['pictures', 'view', 'run', 'infos'], show);
  show();
  return {
    element,
    words: () => (shown === null ? '' : `step ${integer(shown.step)}`),
    series: () => shown?.series ?? null,
    savings: () => {
      const { open } = store.state;
      if (open === null || shown === null) return [];
      const { series, step } = shown;
      return [{ label: '', run: open.run.id, name: series, steps: [step], picture: pictureAddress(open.run.id, series, step) }];
    },
    dispose: () => {
      unsubscribe();
      resize.disconnect();
    },
  };
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

/** @param {string} status @param {string | null} series */
function waits(status, series) {
  if (status === 'queued') return 'Waiting for a worker.';
  if (status === 'starting') return 'The first samples come with the first step.';
  return series === null || series === 'samples' ? 'No samples yet.' : 'None of these yet: they come less often than the other pictures.';
}
