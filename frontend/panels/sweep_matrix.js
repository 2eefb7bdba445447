// @ts-check
/** The matrix of a sweep: a cell for each run, one axis down, one across, and a table for each value of the others. */

import { h } from '../lib/dom.js';
import { matrix, valueText } from '../lib/sweep.js';
import { sweepCell } from './sweep_cell.js';

/** Width of a cell, of what stands around it, and of the names of the rows (CSS pixels). */
const LEAST_PX = 148;
const MOST_PX = 264;
const GAP_PX = 16;
const ROW_NAMES_PX = 130;

/**
 * How wide a cell is, so that all columns are seen where there is room for them.
 * @param {number} room
 * @param {number} columns
 * @param {boolean} hasRowNames
 */
export function cellWidth(room, columns, hasRowNames) {
  const each = (room - (hasRowNames ? ROW_NAMES_PX : 0)) / Math.max(1, columns) - GAP_PX;
  return Math.floor(Math.min(MOST_PX, Math.max(LEAST_PX, each)));
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {() => import('../lib/sweep.js').Choice} choice
 */
export function sweepMatrix(store, painter, choice) {
  const element = h('div', { class: 'sweep-groups', testid: 'sweep-matrix' });
  /** @type {Map<string, ReturnType<typeof sweepCell>>} */
  const cells = new Map();
  let laidOut = '';

  const show = () => {
    const { sweep } = store.state;
    if (sweep === null) return;
    for (const run of sweep.runs) {
      if (!cells.has(run.id)) cells.set(run.id, sweepCell(painter, run));
      cells.get(run.id)?.update(run);
    }
    const wanted = JSON.stringify([choice(), sweep.runs.map(({ id }) => id)]);
    if (wanted === laidOut) return;
    laidOut = wanted;
    const found = matrix(sweep, choice());
    const elementOf = (/** @type {import('../lib/types.js').SweepRun | null} */ run) => (run === null ? null : (cells.get(run.id)?.element ?? null));
    element.replaceChildren(...found.groups.map((group) => table(found, group, elementOf)));
    size();
  };
  const size = () => {
    const { rows, columns } = choice();
    const n = store.state.sweep?.axes.find(({ name }) => name === columns)?.values.length ?? 1;
    const width = `${cellWidth(element.clientWidth, n, rows !== null)}px`;
    if (element.style.getPropertyValue('--cell') === width) return;
    element.style.setProperty('--cell', width);
    redraw();
  };
  const redraw = () => cells.forEach((cell) => cell.redraw());
  const resize = new ResizeObserver(size);
  resize.observe(element);
  const stops = [store.subscribe(['sweep'], show), store.subscribe(['theme'], redraw)];
  show();
  return {
    element,
    show,
    dispose: () => {
      stops.forEach((stop) => stop());
      resize.disconnect();
      cells.forEach((cell) => cell.dispose());
    },
  };
}

/**
 * @param {import('../lib/sweep.js').Matrix} matrix
 * @param {import('../lib/sweep.js').Group} group
 * @param {(run: import('../lib/types.js').SweepRun | null) => HTMLElement | null} elementOf
 */
function table({ rows, columns }, { title, cells }, elementOf) {
  const names = [rows, columns].flatMap((axis) => (axis === null ? [] : [axis.name]));
  const across = (columns?.values ?? []).map((value) => h('th', { scope: 'col', text: valueText(value) }));
  const head = h('tr', {}, rows === null ? null : h('th', { class: 'sweep-corner', scope: 'col', text: names.join(' \\ ') }), ...across);
  const body = cells.map((line, index) => h('tr', {},
    rows === null ? null : h('th', { scope: 'row', text: valueText(rows.values[index]) }),
    ...line.map((run) => h('td', {}, elementOf(run) ?? h('p', { class: 'waiting', text: 'This run was deleted.' })))));
  const caption = [title, ...(names.length === 1 ? names : [])].filter((text) => text !== '').join(' · ');
  return h('section', { class: 'panel table-frame' },
    h('table', { class: 'sweep', testid: 'sweep-table' },
      caption === '' ? null : h('caption', { text: caption }),
      columns === null ? null : h('thead', {}, head), h('tbody', {}, ...body)));
}
