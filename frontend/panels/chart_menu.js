// @ts-check
/** A chart as a file: a quiet menu in its header. What is in it is found out when it is opened. */

import { h, icon, setText } from '../lib/dom.js';
import { loadPlotly } from '../lib/plotly.js';
import { SIZE } from '../lib/printed.js';
import { blobOf, fileName, save, saveFrom } from '../lib/saving.js';
import { menu } from './menu.js';

/** Device pixels of a PNG to one of the picture's. */
const SCALE = 2;
const NOTHING = 'Nothing is drawn yet.';

/**
 * @typedef {object} Saving what can be saved of a chart as it is shown
 * @property {string} label heading in the menu; empty where it is all there is
 * @property {string} run its id
 * @property {string} name of the file, beside the run's
 * @property {number[]} steps that it shows: from and to, or one
 * @property {() => import('../lib/printed.js').Printed} [plot]
 * @property {string} [picture] address of a PNG that is there already
 * @property {() => string} [csv]
 */

/**
 * @param {string} title
 * @param {string} testid
 * @param {() => Saving[]} savings
 */
export function chartMenu(title, testid, savings) {
  const summary = h('summary', { class: 'button plain small', 'aria-label': `${title}: save as a file`, title: 'Save as PNG, SVG or CSV' }, icon('save'));
  const { element, list, close } = menu(summary, { class: 'chart-menu', testid });
  const words = h('li', { class: 'meta', role: 'status' });

  const entry = (/** @type {string} */ ending, /** @type {string} */ about, /** @type {() => Promise<void>} */ task) => {
    const write = () => task().then(close, (error) => {
      list.append(words);
      setText(words, `It could not be written: ${error.message}`);
    });
    return h('li', {}, h('button', { type: 'button', class: 'plain small', testid: `save-${ending}`, on: { click: write } }, h('strong', { text: ending.toUpperCase() }), h('span', { class: 'meta', text: about })));
  };
  const entries = (/** @type {Saving} */ { label, run, name, steps, plot, picture, csv }) => {
    const called = (/** @type {string} */ ending) => fileName(run, name, steps, ending);
    return [
      ...(label === '' ? [] : [h('li', { class: 'meta', text: label })]),
      ...(plot === undefined ? [] : [
        entry('png', 'a picture', () => draw(plot(), 'png').then((data) => save(called('png'), blobOf(data, 'image/png')))),
        entry('svg', 'a drawing, sharp at any size', () => draw(plot(), 'svg').then((text) => save(called('svg'), new Blob([text], { type: 'image/svg+xml' })))),
      ]),
      ...(picture === undefined ? [] : [entry('png', 'the samples, pixel for pixel', async () => saveFrom(called('png'), picture))]),
      ...(csv === undefined ? [] : [entry('csv', 'the numbers that are shown', async () => save(called('csv'), new Blob([csv()], { type: 'text/csv;charset=utf-8' })))]),
    ];
  };
  summary.addEventListener('click', () => {
    const all = savings().flatMap(entries);
    list.replaceChildren(...(all.length > 0 ? all : [h('li', { class: 'meta', text: NOTHING })]));
  });
  return element;
}

/** @param {import('../lib/printed.js').Printed} plot @param {'png' | 'svg'} format @returns {Promise<string>} base64, or the drawing's text */
async function draw({ data, layout }, format) {
  const Plotly = await loadPlotly();
  return Plotly.toImage({ data, layout }, { format, width: SIZE.width, height: layout.height, scale: format === 'png' ? SCALE : 1, imageDataOnly: true });
}
