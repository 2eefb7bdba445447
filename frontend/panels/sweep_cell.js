// @ts-check
/** One run in the matrix of a sweep: its last samples, how far it is, and its last measurements. */

import { figure } from '../charts/grid.js';
import { getMeasurement, pictureAddress, Problem } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { facts } from '../lib/sweep.js';
import { drawCloud } from './cloud_canvas.js';
import { waiting } from './panel.js';
import { statusBadge } from './status.js';

/**
 * @typedef {import('../lib/types.js').SweepRun} SweepRun
 * @typedef {import('../lib/types.js').LastPicture} LastPicture
 *
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {SweepRun} run
 */
export function sweepCell(painter, { id, name }) {
  const address = `/runs/${encodeURIComponent(id)}`;
  const picture = h('img', { class: 'samples-picture', alt: '', hidden: true, decoding: 'async', testid: 'cell-grid' });
  const canvas = h('canvas', { class: 'cloud', hidden: true, testid: 'cell-points' });
  const wait = waiting();
  const stage = h('a', { class: 'cell-stage', href: address, 'aria-label': `${name}: open the run` }, picture, canvas, wait);
  const state = h('span', {});
  const steps = h('a', { class: 'cell-steps', href: address });
  const bar = h('progress', { max: 1, value: 0 });
  const list = h('dl', { class: 'cell-facts' });
  const element = h('div', { class: 'sweep-cell', testid: `cell-${id}` }, stage, h('div', { class: 'cell-head' }, state, steps), bar, list);
  /** @type {LastPicture | null} */
  let wanted = null;
  /** What is drawn, or being fetched; one picture at a time. */
  let shown = '';
  let isFetching = false;

  const paint = () => {
    const side = stage.clientWidth;
    if (wanted === null || side <= 0) return;
    if (wanted.body !== undefined) drawPoints(wanted, side);
    else if (!isFetching && keyOf(wanted) !== shown) fetchPicture(wanted, side);
  };
  const painting = painter.add(stage, paint);

  const drawPoints = (/** @type {LastPicture} */ picked, /** @type {number} */ side) => {
    shown = keyOf(picked);
    setAttribute(canvas, 'title', drawCloud(canvas, picked.body, side).notes.join(' · '));
    showOnly(canvas, picked.step);
  };
  const fetchPicture = async (/** @type {LastPicture} */ picked, /** @type {number} */ side) => {
    shown = keyOf(picked);
    isFetching = true;
    const isThere = await (picked.kind === 'grid' ? loadGrid(picked, side) : loadPoints(picked)).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      return false;
    });
    isFetching = false;
    if (!isThere) setText(wait, `The samples of step ${integer(picked.step)} could not be loaded.`);
    if (picked.body !== undefined || wanted !== picked) painting.request();
  };
  const loadGrid = async (/** @type {LastPicture} */ { series, step }, /** @type {number} */ side) => {
    const loading = new Image();
    loading.src = pictureAddress(id, series, step);
    const isThere = await loading.decode().then(() => true, () => false);
    if (!isThere) return false;
    const sheet = { width: loading.naturalWidth, height: loading.naturalHeight, rows: 1, columns: 1 };
    const { layout } = figure(sheet, { width: side, height: 2 * side, ratio: window.devicePixelRatio });
    picture.src = loading.src;
    picture.style.width = `${layout.width}px`;
    picture.style.height = `${layout.height}px`;
    picture.classList.toggle('smooth', layout.scale * window.devicePixelRatio < 1);
    showOnly(picture, step);
    return true;
  };
  const loadPoints = async (/** @type {LastPicture} */ picked) => {
    picked.body = await getMeasurement(id, picked.series, picked.step);
    return true;
  };
  const showOnly = (/** @type {HTMLElement} */ one, /** @type {number} */ step) => {
    for (const each of [picture, canvas, wait]) each.hidden = each !== one;
    one.dataset.step = String(step);
    setAttribute(one, one === picture ? 'alt' : 'aria-label', `Samples at step ${step}`);
  };

  return {
    element,
    /** @param {SweepRun} run */
    update(run) {
      if (state.dataset.status !== run.status) state.replaceChildren(statusBadge(run.status, 'status'));
      state.dataset.status = run.status;
      setAttribute(state, 'title', run.reason ?? null);
      setText(steps, `${integer(run.step)} / ${integer(run.steps)}`);
      bar.value = run.steps > 0 ? run.step / run.steps : 0;
      setAttribute(bar, 'aria-label', `${run.step} of ${run.steps} steps`);
      fillFacts(list, run);
      if (!run.picture) setText(wait, waits(run));
      wanted = run.picture ?? null;
      if (wanted !== null && shown !== keyOf(wanted)) painting.request();
    },
    /** Drawn anew: another size, or another theme. */
    redraw() {
      shown = '';
      painting.now();
    },
    dispose: () => painting.remove(),
  };
}

/** @param {LastPicture} picture */
function keyOf({ series, step }) {
  return `${series} ${step}`;
}

/** @param {HTMLElement} list @param {SweepRun} run */
function fillFacts(list, run) {
  const wanted = facts(run);
  while (list.childElementCount > wanted.length) list.lastElementChild?.remove();
  while (list.childElementCount < wanted.length) list.append(h('div', {}, h('dt'), h('dd')));
  wanted.forEach(({ label, text, title }, index) => {
    const row = /** @type {HTMLElement} */ (list.children[index]);
    setText(row.children[0], label);
    setText(row.children[1], text);
    setAttribute(row, 'title', title);
  });
}

/** Why there is no picture yet. @param {SweepRun} run */
function waits({ status, reason }) {
  if (status === 'queued') return 'Waiting for a free slot.';
  if (status === 'failed') return `Failed: ${reason ?? 'no reason was given'}`;
  if (status === 'stopped' || status === 'finished') return 'It drew no samples.';
  return 'The first samples come with the first step.';
}
