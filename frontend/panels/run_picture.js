// @ts-check
/** A run's newest samples in a table's cell: fetched when the row is seen, drawn anew as they come, one at a time. */

import { getMeasurement, pictureAddress, Problem } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { drawCloud } from './cloud_canvas.js';

const SIDE = 48;

/**
 * @typedef {import('../lib/types.js').LastPicture} LastPicture
 *
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {string} run
 */
export function runPicture(painter, run) {
  const picture = h('img', { alt: '', hidden: true, decoding: 'async', width: SIDE, height: SIDE, testid: `picture-${run}` });
  const canvas = h('canvas', { hidden: true, role: 'img', width: SIDE, height: SIDE, testid: `cloud-${run}` });
  const none = h('span', { class: 'meta', text: '–', title: 'No samples yet' });
  const element = h('div', { class: 'run-picture' }, picture, canvas, none);
  /** @type {LastPicture | null} */
  let wanted = null;
  let shown = '';
  let isFetching = false;

  const paint = () => {
    if (wanted === null || isFetching || keyOf(wanted) === shown) return;
    if (wanted.body !== undefined) drawPoints(wanted);
    else fetchPicture(wanted);
  };
  const painting = painter.add(element, paint);

  const drawPoints = (/** @type {LastPicture} */ picked) => {
    drawCloud(canvas, picked.body, SIDE);
    show(canvas, picked);
  };
  const fetchPicture = async (/** @type {LastPicture} */ picked) => {
    isFetching = true;
    await (picked.kind === 'grid' ? loadGrid(picked) : loadPoints(picked)).catch((error) => {
      if (!(error instanceof Problem || error instanceof DOMException)) throw error;
      shown = keyOf(picked);
      setAttribute(none, 'title', `The samples of step ${integer(picked.step)} could not be loaded.`);
    });
    isFetching = false;
    if (wanted !== picked) painting.request();
  };
  const loadGrid = async (/** @type {LastPicture} */ picked) => {
    const loading = new Image();
    loading.src = pictureAddress(run, picked.series, picked.step);
    await loading.decode();
    picture.src = loading.src;
    show(picture, picked);
  };
  const loadPoints = async (/** @type {LastPicture} */ picked) => drawPoints({ ...picked, body: await getMeasurement(run, picked.series, picked.step) });
  const show = (/** @type {HTMLImageElement | HTMLCanvasElement} */ one, /** @type {LastPicture} */ picked) => {
    shown = keyOf(picked);
    for (const each of [picture, canvas, none]) each.hidden = each !== one;
    setAttribute(one, one === picture ? 'alt' : 'aria-label', `Samples at step ${integer(picked.step)}`);
    setAttribute(element, 'title', `Samples at step ${integer(picked.step)}`);
  };

  return {
    element,
    /** @param {LastPicture | null} newest */
    update(newest) {
      wanted = newest;
      if (newest === null) setText(none, '–');
      else if (keyOf(newest) !== shown) painting.request();
    },
    /** Drawn anew: another theme. */
    redraw() {
      if (!canvas.hidden) shown = '';
      painting.request();
    },
  };
}

/** @param {LastPicture} picture */
function keyOf({ series, step }) {
  return `${series} ${step}`;
}
