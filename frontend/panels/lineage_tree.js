// @ts-check
/** The tree of a family: a table with a row for each run, and over its last column the branches, x being the step. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { branches, branchWords, differsWords, lastStep, ticks } from '../lib/lineage.js';
import { keyedRows } from '../lib/rows.js';
import { svg } from '../lib/svg.js';
import { statusBadge } from './status.js';

/** Room left and right of the steps, and how far below a row's middle its line lies: its label stands above (pixels). */
const [EDGE, LINE_BELOW, LABEL_ABOVE] = [10, 8, 6];
/** Pixels that a letter of a label takes; a label with less room than its fewest letters is left out. */
const [LETTER, FEWEST_LETTERS] = [6.3, 6];

/**
 * @param {import('../lib/store.js').Store} store
 * @param {string} current id of the run whose page this is
 * @param {{has: (run: string) => boolean, toggle: (run: string) => void, open: (address: string) => void}} actions
 */
export function lineageTree(store, current, actions) {
  const axis = svg('svg', { class: 'lineage-axis', 'aria-hidden': 'true' });
  const drawing = svg('svg', { class: 'lineage-drawing', 'aria-hidden': 'true' });
  const body = h('tbody');
  const steps = h('th', { scope: 'col', class: 'lineage-steps' }, h('span', { class: 'unseen', text: 'How it began, and how far it is' }), axis);
  const heads = [h('th', { scope: 'col', class: 'pick' }, h('span', { class: 'unseen', text: 'Pick' })), h('th', { scope: 'col', text: 'Run' }), h('th', { scope: 'col', text: 'State' }), steps];
  const table = h('table', { class: 'runs lineage', testid: 'lineage' }, h('thead', {}, h('tr', {}, ...heads)), body);
  const element = h('div', { class: 'panel lineage-frame' }, table, drawing);
  /** @type {ReturnType<typeof branches>} */
  let rows = [];
  const showRows = keyedRows(body, (/** @type {{id: string}} */ { id }) => row(id, current, body, actions));

  const draw = () => {
    const width = steps.clientWidth;
    if (rows.length === 0 || width <= 0) return;
    const scale = { last: lastStep(rows), width: width - 2 * EDGE };
    const place = (/** @type {number} */ step) => EDGE + (step / scale.last) * scale.width;
    setAttribute(axis, 'width', String(width));
    const shown = ticks(scale.last, Math.max(2, Math.floor(width / 80)));
    axis.replaceChildren(...shown.map((step) => svg('text', { x: place(step), y: 20, 'text-anchor': step === 0 ? 'start' : place(step) > width - 24 ? 'end' : 'middle' }, integer(step))));
    drawing.style.left = `${steps.offsetLeft}px`;
    drawing.style.top = `${body.offsetTop}px`;
    for (const [side, size] of [['width', width], ['height', body.offsetHeight]]) setAttribute(drawing, String(side), String(size));
    const middles = [...body.children].map((line) => /** @type {HTMLElement} */ (line).offsetTop - body.offsetTop + /** @type {HTMLElement} */ (line).offsetHeight / 2 + LINE_BELOW);
    drawing.replaceChildren(
      ...shown.map((step) => svg('line', { class: 'lineage-tick', x1: place(step), x2: place(step), y1: 0, y2: body.offsetHeight })),
      ...rows.flatMap((branch, index) => drawn(branch, middles, index, place, width)),
    );
  };
  const show = () => {
    const { lineage } = store.state;
    if (lineage === null) return;
    rows = branches(lineage);
    showRows(rows.map((branch) => ({ id: branch.run.id, branch, words: branchWords(branch, rows) })));
    draw();
  };
  const resize = new ResizeObserver(draw);
  resize.observe(element);
  return { element, show, dispose: () => resize.disconnect() };
}

/**
 * A branch: down from its parent's line, along its own steps, on to those that it is still to have.
 * @param {import('../lib/lineage.js').Branch} branch
 * @param {number[]} middles
 * @param {number} index
 * @param {(step: number) => number} place
 * @param {number} width
 */
function drawn({ run, parentRow, from, to, until }, middles, index, place, width) {
  const [x, y, end] = [place(from), middles[index], place(to)];
  const tone = `lineage-branch ${run.status}`;
  const label = differsWords(run);
  const letters = Math.floor((width - x - 12) / LETTER);
  const text = label.length <= letters ? label : `${label.slice(0, Math.max(0, letters - 1))}…`;
  return [
    ...(parentRow === null ? [] : [svg('path', { class: tone, d: `M${x} ${middles[parentRow]}V${y - 6}Q${x} ${y} ${Math.min(x + 6, Math.max(end, x + 1))} ${y}` })]),
    svg('line', { class: tone, x1: parentRow === null ? x : Math.min(x + 6, end), x2: end, y1: y, y2: y }),
    ...(until > to ? [svg('line', { class: 'lineage-planned', x1: end, x2: place(until), y1: y, y2: y })] : []),
    svg('circle', { class: tone, cx: end, cy: y, r: 4 }),
    ...(parentRow === null || letters < FEWEST_LETTERS ? [] : [svg('text', { x: x + 8, y: y - LABEL_ABOVE }, text)]),
  ];
}

/**
 * @param {string} id
 * @param {string} current
 * @param {HTMLElement} body
 * @param {Parameters<typeof lineageTree>[2]} actions
 */
function row(id, current, body, { has, toggle, open }) {
  const pick = h('input', { type: 'checkbox', testid: `pick-${id}`, on: { change: () => toggle(id) } });
  const link = h('a', { 'aria-current': id === current ? 'true' : null, testid: `lineage-run-${id}` });
  const state = h('td', {});
  const words = h('span', { class: 'unseen' });
  const element = h('tr', { data: { run: id, current: String(id === current) }, testid: `lineage-row-${id}` },
    h('td', { class: 'pick' }, pick), h('th', { scope: 'row' }, link), state, h('td', { class: 'lineage-cell' }, words));
  link.addEventListener('keydown', (event) => {
    const by = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    if (event.key === ' ') toggle(id);
    else if (by !== undefined) /** @type {HTMLElement | null} */ (body.children[[...body.children].indexOf(element) + by]?.querySelector('a'))?.focus();
    else return;
    event.preventDefault();
  });
  element.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('a, input') === null) open(link.pathname + link.search);
  });
  return {
    element,
    /** @param {any} item a branch, and it in words */
    update({ branch: { run, from, parentRow }, words: said }) {
      setText(link, run.name);
      setAttribute(link, 'href', `/runs/${encodeURIComponent(id)}${parentRow === null ? '' : `?t=${from}`}`);
      setAttribute(link, 'title', `${run.name}: ${said}`);
      setAttribute(pick, 'aria-label', `Pick ${run.name}`);
      pick.checked = has(id);
      if (state.dataset.status !== run.status) state.replaceChildren(statusBadge(run.status, 'status'));
      state.dataset.status = run.status;
      setText(words, said);
    },
  };
}
