// @ts-check
/** The whole run at a glance: a row of its pictures, each at its step; a press pins the cursor there. */

import { getMeasurement, pictureAddress } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { gridShown, thinned } from '../lib/grids.js';
import { keyedRows } from '../lib/rows.js';
import { palette } from '../lib/theme.js';
import { drawCloud } from './cloud_canvas.js';
import { stepAt } from './stepper.js';

/** Pictures in the row. */
const MOST = 12;
const SIDE_PX = 88;

/** @typedef {{id: string, kind: 'grid' | 'points', run: string, series: string, step: number}} Frame */

/** @param {import('../lib/store.js').Store} store */
export function filmstrip(store) {
  const row = h('div', { class: 'film-row' });
  const words = h('p', { class: 'meta film-words', text: 'No pictures yet.' });
  const element = h('section', { class: 'film', 'aria-label': 'Filmstrip', testid: 'filmstrip', hidden: true }, row, words);
  const showFrames = keyedRows(row, (/** @type {Frame} */ frame) => thumb(store, frame));

  const show = () => {
    const { open, view } = store.state;
    const isWanted = view.choice.film === 'on' && open !== null;
    element.hidden = !isWanted;
    if (!isWanted) return;
    const frames = framesOf(open, view);
    words.hidden = frames.length > 0;
    showFrames(frames);
    const at = stepAt(frames.map(({ step }) => step), view.cursor);
    for (const button of row.children) setAttribute(button, 'aria-current', /** @type {HTMLElement} */ (button).dataset.step === String(at) ? 'step' : null);
  };
  const dispose = store.subscribe(['pictures', 'points', 'infos', 'view', 'theme'], show);
  show();
  return { element, dispose };
}

/**
 * Pictures of the tab that is shown, evenly over the zoomed steps, or over all of them.
 * @param {import('../lib/store.js').RunState} open
 * @param {import('../lib/store.js').View} view
 * @returns {Frame[]}
 */
function framesOf(open, view) {
  const isPoints = view.choice.pictures === 'points' || open.pictures.size === 0;
  const kind = isPoints ? 'points' : 'grid';
  const series = isPoints ? [...open.clouds.keys()][0] : gridShown(open, view)?.name;
  if (series === undefined) return [];
  const [from, to] = view.range ?? [0, Infinity];
  const steps = ((isPoints ? open.clouds : open.pictures).get(series) ?? []).filter((step) => step >= from && step <= to);
  const { id: run, attempt } = open.run;
  return thinned(steps, MOST).map((step) => ({ id: `${attempt} ${series} ${step}`, kind, run, series, step }));
}

/** @param {import('../lib/store.js').Store} store @param {Frame} frame */
function thumb(store, { kind, run, series, step }) {
  const picture = kind === 'grid'
    ? h('img', { class: 'film-picture', alt: '', loading: 'lazy', decoding: 'async', src: pictureAddress(run, series, step) })
    : h('canvas', { class: 'film-picture', 'aria-hidden': 'true' });
  const pin = () => store.change(['view'], ({ view }) => (view.cursor = step));
  const element = h('button', { type: 'button', class: 'plain film-frame', 'aria-label': `Step ${step}`, data: { step: String(step) }, on: { click: pin } }, picture, h('span', { text: integer(step) }));
  /** @type {any} */
  let body = null;
  /** @type {ReturnType<typeof palette> | null} */
  let drawnIn = null;
  const draw = () => {
    if (body === null || drawnIn === palette()) return;
    drawnIn = palette();
    drawCloud(/** @type {HTMLCanvasElement} */ (picture), body, SIDE_PX);
  };
  if (kind === 'points') {
    getMeasurement(run, series, step).then((found) => {
      body = found;
      draw();
    }, (error) => setText(element, error.message));
  }
  return { element, update: draw };
}
