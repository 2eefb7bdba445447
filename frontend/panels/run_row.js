// @ts-check
/** One run in the list: its samples, its name, how far it is, one line, its modes, its alarms, what was turned. */

import { h, icon, setAttribute, setText } from '../lib/dom.js';
import { integer, moment, number } from '../lib/format.js';
import { MODES, modesTotal } from '../lib/modes.js';
import { guardWords, turnedWords } from '../lib/overview.js';
import { runCells } from './run_cells.js';
import { runPicture } from './run_picture.js';
import { sparkline } from './sparkline.js';
import { timeLeft } from './vitals.js';

/** Series whose values are shares. */
const SHARES = /^coverage\.(recall|coverage)$|\.accuracy$/;

/**
 * @typedef {import('../lib/types.js').Run} Run
 * @typedef {import('../lib/overview.js').Overview} Overview
 *
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {Run} run
 * @param {{has: (id: string) => boolean, toggle: (id: string, isPicked: boolean) => void}} picking
 */
export function runRow(store, painter, { id, name, recipe, sweep, created_at: created }, picking) {
  const pick = h('input', { type: 'checkbox', 'aria-label': `Pick ${name}`, testid: `pick-${id}`, on: { change: () => picking.toggle(id, pick.checked) } });
  const cells = runCells(id);
  const picture = runPicture(painter, id);
  const line = sparkline(`spark-${id}`);
  const [lineNone, left] = [h('span', { class: 'meta', text: '–' }), h('span', { class: 'meta run-left' })];
  const modes = modesCell(id);
  const [alarms, turned, speed] = [cell('alarm', `alarms-${id}`), cell('turned figure', `turned-${id}`), cell('speed figure', `speed-${id}`)];
  const set = !sweep ? null : h('a', { class: 'tag', href: `/sweeps/${encodeURIComponent(sweep)}`, text: 'sweep', title: 'Compare the runs of this sweep' });
  const about = h('div', { class: 'run-about' }, h('span', { class: 'meta', text: recipe ?? 'own spec' }), set);
  const when = h('td', { role: 'cell', class: 'created meta', text: moment(created, Date.now() / 1000), title: new Date(created * 1000).toLocaleString() });
  cells.steps.append(left);
  cells.state.classList.add('state-cell');
  cells.steps.classList.add('steps-cell');
  for (const each of [cells.state, cells.steps]) each.setAttribute('role', 'cell');
  const element = h('tr', { role: 'row', class: 'run-row', testid: `run-row-${id}` },
    h('td', { role: 'cell', class: 'pick' }, pick), h('td', { role: 'cell', class: 'picture' }, picture.element), h('th', { role: 'rowheader', scope: 'row' }, cells.name, about),
    cells.state, cells.steps, speed, h('td', { role: 'cell', class: 'line' }, line.element, lineNone), modes.element, alarms, turned, when);

  const drawLine = () => {
    const { runs, overviews } = store.state;
    const run = runs?.find((each) => each.id === id);
    const buckets = overviews.get(id)?.sparkline;
    if (run !== undefined && buckets) line.draw(buckets, rangeOf(buckets.name, run));
  };
  const drawing = painter.add(line.element, drawLine);

  return {
    element,
    /** @param {Run} run */
    update(run) {
      const overview = store.state.overviews.get(id);
      cells.update(run);
      setAttribute(cells.name, 'title', run.name);
      pick.checked = picking.has(id);
      setText(left, leftWords(run));
      setText(speed, run.status === 'running' && 'speed.steps_per_s' in run.latest ? `${number(run.latest['speed.steps_per_s'])}/s` : '–');
      modes.update(run);
      picture.update(overview?.picture ?? null);
      line.element.toggleAttribute('hidden', !overview?.sparkline);
      lineNone.hidden = Boolean(overview?.sparkline);
      drawing.request();
      if (overview !== undefined) {
        showAlarms(alarms, overview, run);
        setText(turned, overview.n_turned === 0 ? '–' : integer(overview.n_turned));
        setAttribute(turned, 'title', overview.n_turned === 0 ? 'No knob was turned by hand.' : turnedWords(overview));
      }
    },
    redraw: picture.redraw,
  };
}

/** @param {string} className @param {string} testid */
function cell(className, testid) {
  return h('td', { role: 'cell', class: className, testid });
}

/** How long it goes on at the speed of its last second. @param {Run} run */
function leftWords(run) {
  const speed = run.latest['speed.steps_per_s'];
  const left = run.status === 'running' && speed !== undefined ? timeLeft(run, Number(speed)) : '–';
  return left === '–' || left === 'none' ? '' : `about ${left} left`;
}

/** The values that a line can have, where that is known. @param {string} series @param {Run} run @returns {[number, number] | null} */
function rangeOf(series, run) {
  if (SHARES.test(series)) return [0, 1];
  const total = series === MODES ? modesTotal(run) : null;
  return total === null ? null : [0, total];
}

/** @param {HTMLElement} at @param {Overview} overview @param {Run} run */
function showAlarms(at, overview, run) {
  const { tone, text, title } = guardWords(overview, run);
  const key = `${tone} ${text}`;
  if (at.dataset.key !== key) at.replaceChildren(...(text === '' ? [] : [badge(tone, text)]));
  at.dataset.key = key;
  setAttribute(at, 'title', title);
}

/** @param {'bad' | 'soft'} tone @param {string} text */
function badge(tone, text) {
  return h('span', { class: `run-alarm ${tone}` }, ...(tone === 'bad' ? [icon('triangle')] : []), h('span', { text }));
}

/** Modes that G has found, of all there are. @param {string} id */
function modesCell(id) {
  const words = h('span', { text: '–' });
  const bar = h('meter', { min: 0, max: 1, value: 0, hidden: true });
  const element = h('td', { role: 'cell', class: 'modes', testid: `modes-${id}` }, words, bar);
  return {
    element,
    /** @param {Run} run */
    update(run) {
      const captured = run.latest[MODES];
      const total = modesTotal(run);
      setText(words, captured === undefined ? '–' : `${number(captured)}${total === null ? '' : ` of ${integer(total)}`}`);
      bar.hidden = captured === undefined || total === null || !Number.isFinite(Number(captured));
      if (bar.hidden) return;
      [bar.max, bar.value] = [Number(total), Number(captured)];
      setAttribute(bar, 'aria-label', `${number(captured)} of ${total} modes`);
    },
  };
}
