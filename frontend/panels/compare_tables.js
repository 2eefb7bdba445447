// @ts-check
/** The two tables of a comparison: what differs between the runs, and what was measured of each. */

import { axisWords, stepAtAxis } from '../lib/compare.js';
import { measurements, specRows, turnedRows } from '../lib/compare_tables.js';
import { h, setText } from '../lib/dom.js';
import { integer, number } from '../lib/format.js';
import { runMark } from './compare_head.js';

/** @typedef {import('../lib/store.js').RunState} RunState */

/** What differs between their specs, and which knobs were turned. @param {import('../lib/store.js').Store} store */
export function differences(store) {
  const table = h('table', { class: 'runs compare', testid: 'compare-differences' });
  const same = h('table', { class: 'runs compare', testid: 'compare-same' });
  const summary = h('summary', {});
  const fold = h('details', { class: 'more compare-same' }, summary, h('div', { class: 'table-frame' }, same));
  const element = h('section', { class: 'panel', 'aria-label': 'What differs' }, h('h2', { class: 'compare-title', text: 'What differs' }), h('div', { class: 'table-frame' }, table), fold);
  let known = '';

  const show = () => {
    const { compare } = store.state;
    if (compare === null) return;
    const opens = opensOf(compare);
    const turned = turnedRows(opens);
    const key = JSON.stringify([compare.ids, opens.map(({ run }) => run.name), turned]);
    if (key === known) return;
    known = key;
    const rows = specRows(opens.map(({ run }) => run.spec));
    const [equal, other] = [rows.filter(({ isSame }) => isSame), rows.filter(({ isSame }) => !isSame)];
    const none = other.length + turned.length === 0 ? [h('tr', {}, h('td', { class: 'soft', colspan: opens.length + 1, text: 'Nothing: the specs are the same, and no knob was turned.' }))] : [];
    table.replaceChildren(head(opens, 'Param'), h('tbody', {}, ...none, ...other.map((row) => line(row.name, row.texts)), ...turned.map(({ name, texts }) => line(`${name}, turned`, texts))));
    same.replaceChildren(head(opens.slice(0, 1), 'Param', 'All'), h('tbody', {}, ...equal.map(({ name, texts }) => line(name, texts.slice(0, 1)))));
    setText(summary, `same: ${equal.length} ${equal.length === 1 ? 'param' : 'params'}`);
    fold.hidden = equal.length === 0;
  };
  const dispose = store.subscribe(['compare'], show);
  return { element, show, dispose };
}

/**
 * A row for each measurement, at the cursor or now.
 * @param {import('../lib/store.js').Store} store
 * @param {{align: () => import('../lib/compare.js').Align, series: () => string[]}} looking
 */
export function measured(store, { align, series }) {
  const heading = h('h2', { class: 'compare-title' });
  const note = h('p', { class: 'meta compare-note', testid: 'compare-note' });
  const table = h('table', { class: 'runs compare', testid: 'compare-measured' });
  const element = h('section', { class: 'panel', 'aria-label': 'Measurements' }, heading, h('div', { class: 'table-frame' }, table), note);
  let laidOut = '';

  const show = () => {
    const { compare, view: { cursor } } = store.state;
    if (compare === null) return;
    const opens = opensOf(compare);
    const rows = measurements(opens, series(), cursor === null ? null : compare.ids.map((id) => stepAtAxis(compare, align(), id, cursor)));
    const key = JSON.stringify([compare.ids, opens.map(({ run }) => run.name), rows.map(({ name }) => name)]);
    if (key !== laidOut) table.replaceChildren(head(opens, 'Series'), h('tbody', {}, ...rows.map(({ label, cells }) => line(label, cells.map(() => '')))));
    laidOut = key;
    rows.forEach(({ cells, name }, index) => fill(table.tBodies[0].rows[index], name, cells));
    setText(heading, cursor === null ? 'Last measured' : `Measured ${align() === 'time' ? '' : 'at '}${axisWords(align(), cursor)}`);
    setText(note, cursor === null && areApart(opens) ? 'The runs are at different steps: put the cursor on a chart to compare them at the same one.' : '');
  };
  const dispose = store.subscribe(['compare', 'view'], show);
  return { element, show, dispose };
}

/** @param {HTMLTableRowElement} row @param {string} name @param {import('../lib/compare_tables.js').Measurement['cells']} cells */
function fill(row, name, cells) {
  cells.forEach(({ value, error, step, isBest }, index) => {
    const cell = row.cells[index + 1];
    const isKnown = error !== null && Number.isFinite(error);
    setText(cell, `${number(value)}${isKnown ? ` ± ${number(error, 2)}` : ''}${isBest ? ' ●' : ''}`);
    cell.className = isBest ? 'figure best' : 'figure';
    cell.title = step === null || value === null ? 'not measured by then' : `${name} at step ${integer(step)}${isBest ? ', the best of these' : ''}`;
  });
}

/** Whether they are not all at the same step. @param {RunState[]} opens */
function areApart(opens) {
  return new Set(opens.map(({ run }) => run.step)).size > 1;
}

/** @param {RunState[]} opens @param {string} first @param {string} [instead] of the runs */
function head(opens, first, instead) {
  const cells = opens.map(({ run }, index) => (instead !== undefined ? h('th', { scope: 'col', text: instead }) : h('th', { scope: 'col' }, runMark(index), h('span', { class: 'compare-name', text: run.name }))));
  return h('thead', {}, h('tr', {}, h('th', { scope: 'col', text: first }), ...cells));
}

/** @param {string} name @param {string[]} texts */
function line(name, texts) {
  return h('tr', {}, h('th', { scope: 'row', text: name }), ...texts.map((text) => h('td', { text })));
}

/** @param {import('../lib/compare.js').CompareState} compare @returns {RunState[]} */
function opensOf({ ids, opens }) {
  return ids.map((id) => /** @type {RunState} */ (opens.get(id)));
}
