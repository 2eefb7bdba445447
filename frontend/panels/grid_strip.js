// @ts-check
/** The samples of one grid in a line, cut from its picture: each a whole multiple of its own pixels, never blurred. */

import { getMeasurement, pictureAddress, Problem } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { cellOrder, cellSide } from '../lib/strips.js';

/** Between two samples (CSS pixels). */
const GAP_PX = 2;

/**
 * The cells of a run's newest grid in one line, as many as there is room for.
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {string} id
 */
export function gridStrip(painter, id) {
  const canvas = h('canvas', { class: 'strip-canvas', role: 'img', hidden: true });
  const wait = h('span', { class: 'meta' });
  const element = h('span', { class: 'strip-room' }, canvas, wait);
  /** @type {import('../lib/types.js').LastPicture | null} */
  let wanted = null;
  /** @type {{key: string, image: HTMLImageElement, layout: any} | null} */
  let loaded = null;
  let isFetching = false;

  const paint = () => {
    if (wanted === null) return;
    const key = `${wanted.series} ${wanted.step}`;
    if (loaded?.key === key) drawCells(canvas, loaded, element.clientWidth);
    else if (!isFetching) load(wanted, key);
  };
  const painting = painter.add(element, paint);
  const load = async (/** @type {import('../lib/types.js').LastPicture} */ { series, step }, /** @type {string} */ key) => {
    isFetching = true;
    const image = new Image();
    image.src = pictureAddress(id, series, step);
    const [layout, isThere] = await Promise.all([getMeasurement(id, series, step).catch(none), image.decode().then(() => true, () => false)]);
    isFetching = false;
    if (layout === null || !isThere) wait.textContent = `The samples of step ${step} could not be loaded.`;
    else loaded = { key, image, layout };
    canvas.hidden = loaded === null;
    wait.hidden = loaded !== null;
    canvas.dataset.step = String(step);
    canvas.setAttribute('aria-label', `Samples at step ${step}`);
    canvas.title = `step ${step}`;
    if (loaded !== null) painting.now();
  };
  return {
    element,
    /** @param {import('../lib/types.js').LastPicture | null} picture @param {string} status */
    update(picture, status) {
      wanted = picture;
      if (picture === null) setText(wait, `${status}: no samples yet`);
      if (picture !== null && loaded?.key !== `${picture.series} ${picture.step}`) painting.request();
    },
    redraw: painting.now,
    dispose: painting.remove,
  };
}

/** @param {HTMLCanvasElement} canvas @param {{image: HTMLImageElement, layout: any}} picture @param {number} room */
function drawCells(canvas, { image, layout: { rows, columns, cell: [height, width] } }, room) {
  const ratio = window.devicePixelRatio;
  const [wide, tall] = [cellSide(width, ratio), (cellSide(width, ratio) / width) * height];
  const shown = cellOrder(rows, columns).slice(0, Math.max(1, Math.floor((room + GAP_PX) / (wide + GAP_PX))));
  canvas.style.width = `${shown.length * (wide + GAP_PX) - GAP_PX}px`;
  canvas.style.height = `${tall}px`;
  [canvas.width, canvas.height] = [Math.round((shown.length * (wide + GAP_PX) - GAP_PX) * ratio), Math.round(tall * ratio)];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.imageSmoothingEnabled = false;
  shown.forEach(({ row, column }, index) => {
    context.drawImage(image, column * width, row * height, width, height, Math.round(index * (wide + GAP_PX) * ratio), 0, Math.round(wide * ratio), Math.round(tall * ratio));
  });
  canvas.dataset.cells = String(shown.length);
}

/** @param {unknown} error */
function none(error) {
  if (error instanceof Problem) return null;
  throw error;
}
