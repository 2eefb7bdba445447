// @ts-check
/** The 2-D view: real and generated points over D's surface, on a canvas. */

import { figure } from '../charts/points.js';
import { getMeasurement, Problem } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { colours } from '../lib/theme.js';
import { waiting } from './panel.js';
import { pickSeries } from './samples.js';
import { stepAt, stepper } from './stepper.js';

const STILL_MS = 120;

/** Below this side a picture has smaller dots, so that they do not run together; below a pixel nobody would see them. */
const WIDE_PX = 300;
const LEAST_SCALE = 0.3;

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @returns {{element: HTMLElement, words: () => string, dispose: () => void}}
 */
export function cloud(store, painter) {
  const canvas = h('canvas', { class: 'cloud', testid: 'points-view', role: 'img', 'aria-label': 'Points' });
  const notes = h('p', { class: 'meta cloud-notes' });
  const legend = h('p', { class: 'meta cloud-legend' }, h('i', { class: 'ring-real' }), 'real', h('i', { class: 'dot-G' }), 'generated', h('span', {}, 'D: fake', h('i', { class: 'ramp' }), 'real'));
  const wait = waiting();
  const stage = h('div', { class: 'stage' }, canvas, wait);
  const control = stepper(store, 'Points');
  const element = h('div', { class: 'samples' }, stage, legend, notes, control.element);
  /** @type {{step: number, body: any} | null} */
  let shown = null;
  let wanted = -1;
  let timer = 0;

  const draw = () => {
    if (shown === null) return;
    const side = Math.floor(Math.min(stage.clientWidth, stage.clientHeight));
    if (side <= 0) return;
    setText(notes, drawCloud(canvas, shown.body, side).join(' · '));
    canvas.setAttribute('aria-label', `Points at step ${shown.step}`);
    canvas.dataset.step = String(shown.step);
  };
  const painting = painter.add(element, draw);

  const fetchBody = async (/** @type {string} */ run, /** @type {string} */ series, /** @type {number} */ step) => {
    const body = await getMeasurement(run, series, step).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      setText(notes, `step ${integer(step)}: ${error.message}`);
      return null;
    });
    if (wanted !== step || body === null) return;
    shown = { step, body };
    painting.now();
  };

  const show = () => {
    const { open, view } = store.state;
    if (open === null) return;
    const series = pickSeries(open.clouds, 'points');
    const steps = series === null ? [] : (open.clouds.get(series) ?? []);
    const step = stepAt(steps, view.cursor);
    control.update(steps, step, view.cursor);
    wait.hidden = step !== null;
    setText(wait, 'The first points come with the first step.');
    if (series === null || step === null || step === wanted) return;
    wanted = step;
    window.clearTimeout(timer);
    const newest = open.newestCloud.get(series);
    if (newest?.step === step) {
      shown = newest;
      painting.request();
    } else {
      timer = window.setTimeout(() => fetchBody(open.run.id, series, step), shown === null ? 0 : STILL_MS);
    }
  };

  const resize = new ResizeObserver(painting.now);
  resize.observe(stage);
  const stops = [store.subscribe(['points', 'view', 'run'], show), store.subscribe(['theme'], painting.now)];
  show();
  return {
    element,
    words: () => (shown === null ? '' : `step ${integer(shown.step)}`),
    dispose: () => {
      stops.forEach((stop) => stop());
      painting.remove();
      resize.disconnect();
      window.clearTimeout(timer);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {any} body
 * @param {number} side CSS pixels
 * @returns {string[]} what could not be drawn
 */
export function drawCloud(canvas, body, side) {
  const ratio = window.devicePixelRatio;
  const size = Math.round(side * ratio);
  if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
  canvas.style.width = `${side}px`;
  canvas.style.height = `${side}px`;
  const { roles, surface } = colours();
  const { data, notes } = figure(body, { size, fake: rgb(roles.G), neutral: rgb(surface), real: rgb(roles.D) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = surface;
  context.fillRect(0, 0, size, size);
  if (data.field !== null) drawField(context, data.field, size);
  const scale = ratio * Math.min(1, Math.max(LEAST_SCALE, side / WIDE_PX));
  drawDots(context, data.real, { colour: roles.real, radius: 2.5 * scale, isRing: true, edge: surface });
  drawDots(context, data.generated, { colour: roles.G, radius: 2.2 * scale, isRing: false, edge: surface });
  return notes;
}

/** @param {CanvasRenderingContext2D} context @param {{rows: number, columns: number, pixels: Uint8ClampedArray}} field @param {number} size */
function drawField(context, { rows, columns, pixels }, size) {
  const small = new OffscreenCanvas(columns, rows);
  const image = new ImageData(new Uint8ClampedArray(pixels), columns, rows);
  small.getContext('2d')?.putImageData(image, 0, 0);
  context.globalAlpha = 0.55;
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, size, size);
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} points
 * @param {{colour: string, radius: number, isRing: boolean, edge: string}} look
 */
function drawDots(context, points, { colour, radius, isRing, edge }) {
  context.beginPath();
  for (const [x, y] of points) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.lineWidth = isRing ? radius * 0.6 : radius * 0.5;
  context.strokeStyle = isRing ? colour : edge;
  context.fillStyle = colour;
  context.stroke();
  if (!isRing) context.fill();
}

/** @param {string} colour as computed styles have it: rgb(1, 2, 3) @returns {[number, number, number]} */
function rgb(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? ['0', '0', '0']).map(Number);
  return [r, g, b];
}
