// @ts-check
/** One picture of a run's samples where a page has many: a grid, or points in the plane, fetched once it is in sight. */

import { figure } from '../charts/grid.js';
import { getMeasurement, pictureAddress, Problem } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { drawCloud } from './cloud_canvas.js';
import { waiting } from './panel.js';

/**
 * @typedef {import('../lib/types.js').LastPicture} LastPicture
 *
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {string} id of the run
 */
export function lastPicture(painter, id) {
  const picture = h('img', { class: 'samples-picture', alt: '', hidden: true, decoding: 'async', testid: 'cell-grid' });
  const canvas = h('canvas', { class: 'cloud', hidden: true, role: 'img', testid: 'cell-points' });
  const wait = waiting();
  /** @type {HTMLElement} */
  let stage = picture;
  /** @type {ReturnType<typeof painter.add> | null} */
  let painting = null;
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
    if (picked.body !== undefined || wanted !== picked) painting?.request();
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
    elements: [picture, canvas, wait],
    /** The element that it fills, and that must be in sight. @param {HTMLElement} element */
    on(element) {
      stage = element;
      painting = painter.add(element, paint);
    },
    /** @param {LastPicture | null} next @param {string} why there is none */
    update(next, why) {
      if (next === null) {
        setText(wait, why);
        showOnly(wait, 0);
        shown = '';
      }
      wanted = next;
      if (wanted !== null && shown !== keyOf(wanted)) painting?.request();
    },
    /** Drawn anew: another size, or another theme. */
    redraw() {
      shown = '';
      painting?.now();
    },
    dispose: () => painting?.remove(),
  };
}

/** @param {LastPicture} picture */
function keyOf({ series, step }) {
  return `${series} ${step}`;
}
