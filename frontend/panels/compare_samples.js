// @ts-check
/** The newest samples of each compared run up to the cursor, side by side, and the slider that moves the cursor. */

import { axisWords, stepAtAxis, wholeRange } from '../lib/compare.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { pickSeries } from '../lib/grids.js';
import { keyedRows } from '../lib/rows.js';
import { firstAtLeast } from '../lib/series.js';
import { runMark } from './compare_head.js';
import { lastPicture } from './last_picture.js';

/**
 * @typedef {import('../lib/store.js').RunState} RunState
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {() => import('../lib/compare.js').Align} align
 */
export function compareSamples(store, painter, align) {
  const slider = h('input', { type: 'range', min: 0, max: 0, value: 0, 'aria-label': 'Cursor', testid: 'compare-cursor' });
  const words = h('span', { class: 'compare-cursor-words', testid: 'compare-cursor-words' });
  const latest = h('button', { type: 'button', class: 'small', text: 'Latest', testid: 'compare-latest', on: { click: () => move(null) } });
  const list = h('div', { class: 'compare-pictures' });
  const element = h('section', { class: 'panel compare-samples', 'aria-label': 'Samples' },
    h('div', { class: 'compare-samples-head' }, h('h2', { class: 'compare-title', text: 'Samples' }), slider, words, latest), list);
  const move = (/** @type {number | null} */ to) => store.change(['view'], ({ view }) => (view.cursor = to));
  slider.addEventListener('input', () => move(Number(slider.value)));
  /** @type {Map<string, ReturnType<typeof samplesOf>>} */
  const parts = new Map();
  const showParts = keyedRows(list, (/** @type {{id: string}} */ { id }) => {
    const part = samplesOf(painter, id);
    parts.set(id, part);
    return part;
  });

  const show = () => {
    const { compare, view: { cursor } } = store.state;
    if (compare === null) return;
    const [, end] = wholeRange(compare, align());
    setAttribute(slider, 'max', String(Math.ceil(end)));
    slider.value = String(cursor ?? Math.ceil(end));
    const said = cursor === null ? 'latest of each' : axisWords(align(), cursor);
    setAttribute(slider, 'aria-valuetext', said);
    setText(words, said);
    latest.disabled = cursor === null;
    showParts(compare.ids.map((id, index) => ({ id, index, open: compare.opens.get(id), step: cursor === null ? Infinity : stepAtAxis(compare, align(), id, cursor) })));
  };
  const redraw = () => parts.forEach((part) => part.redraw());
  const resize = new ResizeObserver(redraw);
  resize.observe(element);
  const stops = [store.subscribe(['compare', 'view'], show), store.subscribe(['theme'], redraw)];
  return {
    element,
    show,
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      parts.forEach((part) => part.dispose());
    },
  };
}

/** @param {ReturnType<import('../lib/painter.js').createPainter>} painter @param {string} id */
function samplesOf(painter, id) {
  const mark = h('span', {});
  const name = h('span', { class: 'compare-name' });
  const words = h('figcaption', { class: 'meta' });
  const shown = lastPicture(painter, id);
  const stage = h('a', { class: 'compare-stage' }, ...shown.elements);
  shown.on(stage);
  return {
    element: h('figure', { class: 'compare-picture', testid: `compare-samples-${id}` }, h('div', { class: 'compare-picture-head' }, mark, name), stage, words),
    /** @param {any} item */
    update({ index, open, step }) {
      if (mark.dataset.index !== String(index)) mark.replaceChildren(runMark(index));
      mark.dataset.index = String(index);
      setText(name, open.run.name);
      const picture = step === null ? null : pictureAt(open, step);
      shown.update(picture, step === null ? 'It had not begun by then.' : noneWords(open));
      setAttribute(stage, 'href', `/runs/${encodeURIComponent(id)}${Number.isFinite(step) && step !== null ? `?t=${step}` : ''}`);
      setAttribute(stage, 'aria-label', `${open.run.name}: open the run`);
      const before = picture === null || !Number.isFinite(step) ? 0 : step - picture.step;
      setText(words, picture === null ? '' : `${picture.kind === 'grid' ? 'grid' : 'points'} of step ${integer(picture.step)}${before > 0 ? ` (${integer(before)} before)` : ''}`);
    },
    redraw: shown.redraw,
    dispose: shown.dispose,
  };
}

/**
 * The newest samples up to a step: a grid goes before points.
 * @param {RunState} open
 * @param {number} step
 * @returns {import('../lib/types.js').LastPicture | null}
 */
export function pictureAt({ pictures, clouds, newestCloud }, step) {
  for (const [kind, all, preferred] of /** @type {const} */ ([['grid', pictures, 'samples'], ['points', clouds, 'points']])) {
    const series = pickSeries(all, preferred);
    const steps = series === null ? [] : (all.get(series) ?? []);
    const index = Number.isFinite(step) ? firstAtLeast(steps, step + 1) - 1 : steps.length - 1;
    if (series === null || index < 0) continue;
    const newest = kind === 'points' ? newestCloud.get(series) : undefined;
    return { series, kind, step: steps[index], ...(newest?.step === steps[index] ? { body: newest.body } : {}) };
  }
  return null;
}

/** @param {RunState} open */
function noneWords({ pictures, clouds }) {
  return pictures.size + clouds.size > 0 ? 'It had drawn no samples by then.' : 'It has drawn no samples.';
}
