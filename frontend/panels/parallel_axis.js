// @ts-check
/** One of several parallel axes: its name and values, and the range on it, drawn by pointer or moved by key. */

import { setAttribute } from '../lib/dom.js';
import { namesOf, spotOf, wordsAt } from '../lib/parallel.js';
import { svg } from '../lib/svg.js';

/** Width in which the axis takes the pointer, and letters of its name (pixels, count). */
const [REACH, LETTERS] = [30, 16];
/** A drag shorter than this is a click: it takes the range away (share of the axis). */
const CLICK = 0.02;
const BY = 0.05;

/**
 * @typedef {import('../lib/parallel.js').Axis} Axis
 *
 * @param {Map<string, [number, number]>} ranges changed in place
 * @param {() => void} onChange
 */
export function parallelAxis(ranges, onChange) {
  const title = svg('text', { class: 'parallel-title', y: 18, 'text-anchor': 'middle' });
  const hint = svg('title');
  const names = svg('g', { class: 'parallel-names' });
  const line = svg('line', { class: 'parallel-line' });
  const range = svg('rect', { class: 'parallel-range', width: 14 });
  const reach = svg('rect', { class: 'parallel-reach', width: REACH }, hint);
  const handles = { from: handle('from'), to: handle('to') };
  const element = svg('g', { class: 'parallel-axis' }, line, reach, range, names, title, handles.from, handles.to);
  /** @type {Axis | null} */
  let axis = null;
  let place = (/** @type {number | null} */ at) => at ?? 0;

  const put = (/** @type {[number, number] | null} */ next) => {
    if (axis === null) return;
    if (next === null || (next[0] <= 0 && next[1] >= 1)) ranges.delete(axis.id);
    else ranges.set(axis.id, next);
    onChange();
  };
  const now = () => ranges.get(axis?.id ?? '') ?? /** @type {[number, number]} */ ([0, 1]);
  for (const side of /** @type {const} */ (['from', 'to'])) {
    handles[side].addEventListener('keydown', (event) => {
      const next = moved(event.key, side, now(), stepOf(axis));
      if (next === undefined) return;
      event.preventDefault();
      put(next);
    });
  }
  drag(reach, (y) => {
    const [top, bottom] = [place(1), place(0)];
    return Math.min(1, Math.max(0, (bottom - y) / (bottom - top)));
  }, put);

  return {
    element,
    /** @param {Axis} next @param {import('../lib/types.js').SweepRun[]} runs @param {number} x @param {(at: number | null) => number} y */
    update(next, runs, x, y) {
      axis = next;
      place = y;
      setAttribute(element, 'transform', `translate(${x.toFixed(1)} 0)`);
      const { label } = next;
      if (title.textContent !== label) title.textContent = label.length > LETTERS ? `…${label.slice(1 - LETTERS)}` : label;
      hint.textContent = `${next.id}${next.isLog ? ', logarithmic' : ''}: drag to keep a range, click to drop it`;
      for (const [name, value] of Object.entries({ x1: 0, x2: 0, y1: y(1), y2: y(0) })) setAttribute(line, name, String(value));
      for (const [name, value] of Object.entries({ x: -REACH / 2, y: y(1), height: y(0) - y(1) })) setAttribute(reach, name, String(value));
      const hasGone = runs.some((run) => spotOf(next, run).at === null);
      const texts = [...namesOf(next, runs).map(({ at, text }) => ({ at: y(at), text })), ...(hasGone ? [{ at: y(null), text: 'no number' }] : [])];
      const key = JSON.stringify(texts);
      if (names.dataset.key !== key) names.replaceChildren(...texts.map(({ at, text }) => svg('text', { x: 8, y: at + 4 }, text)));
      names.dataset.key = key;
      showRange(range, handles, next, now(), y);
    },
  };
}

/** @param {SVGRectElement} rect @param {{from: SVGGElement, to: SVGGElement}} handles @param {Axis} axis @param {[number, number]} range @param {(at: number) => number} y */
function showRange(rect, handles, axis, [from, to], y) {
  const isWhole = from <= 0 && to >= 1;
  rect.classList.toggle('whole', isWhole);
  for (const [name, value] of Object.entries({ x: -7, y: y(to), height: Math.max(2, y(from) - y(to)) })) setAttribute(rect, name, String(value));
  for (const [side, at] of /** @type {const} */ ([['from', from], ['to', to]])) {
    const handle = handles[side];
    setAttribute(handle, 'transform', `translate(0 ${y(at)})`);
    setAttribute(handle, 'aria-label', `${axis.label}: ${side === 'from' ? 'from' : 'up to'}`);
    setAttribute(handle, 'aria-valuenow', String(Math.round(at * 100)));
    setAttribute(handle, 'aria-valuetext', wordsAt(axis, at));
  }
}

/** @param {'from' | 'to'} side */
function handle(side) {
  return svg('g', { class: 'parallel-handle', role: 'slider', tabindex: 0, 'aria-orientation': 'vertical', 'aria-valuemin': 0, 'aria-valuemax': 100, 'data-side': side },
    svg('path', { d: side === 'from' ? 'M-8 1H8L0 9Z' : 'M-8 -1H8L0 -9Z' }));
}

/** How far a key moves an end: to the next value where there are few. @param {Axis | null} axis */
function stepOf(axis) {
  return axis?.values && axis.values.length > 1 ? 1 / (axis.values.length - 1) : BY;
}

/**
 * The range after a key; null: all of it, undefined: the key does nothing.
 * @param {string} key
 * @param {'from' | 'to'} side
 * @param {[number, number]} range
 * @param {number} by
 * @returns {[number, number] | null | undefined}
 */
export function moved(key, side, [from, to], by) {
  if (key === 'Escape' || key === 'Delete') return null;
  const way = /** @type {Record<string, number>} */ ({ ArrowUp: by, ArrowRight: by, ArrowDown: -by, ArrowLeft: -by, Home: -1, End: 1 })[key];
  if (way === undefined) return undefined;
  return side === 'from' ? [Math.min(to, Math.max(0, from + way)), to] : [from, Math.max(from, Math.min(1, to + way))];
}

/** @param {SVGRectElement} area @param {(y: number) => number} shareAt @param {(range: [number, number] | null) => void} put */
function drag(area, shareAt, put) {
  /** @type {number | null} */
  let began = null;
  const at = (/** @type {PointerEvent} */ event) => shareAt(event.clientY - /** @type {SVGSVGElement} */ (area.ownerSVGElement).getBoundingClientRect().top);
  const range = (/** @type {PointerEvent} */ event) => /** @type {[number, number]} */ ([Math.min(began ?? 0, at(event)), Math.max(began ?? 0, at(event))]);
  area.addEventListener('pointerdown', (event) => {
    began = at(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener('pointermove', (event) => {
    if (began !== null && Math.abs(at(event) - began) > CLICK) put(range(event));
  });
  area.addEventListener('pointerup', (event) => {
    if (began !== null && Math.abs(at(event) - began) <= CLICK) put(null);
    began = null;
  });
}
