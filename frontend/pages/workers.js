// @ts-check
/** Where runs train: every worker's slots and what is in them, and the queue: what waits, and for what. */

import { get } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { age, moment } from '../lib/format.js';
import { keyedRows } from '../lib/rows.js';
import { runCells } from '../panels/run_cells.js';
import { waiting } from '../panels/panel.js';

const AGAIN_MS = 2000;
const MOST_QUEUED = 500;
const GIB = 2 ** 30;
const SLOT_HEADS = ['Worker', 'Slot', 'Trains', 'Memory of the worker', 'Up for', 'Version'];
const QUEUE_HEADS = ['Name', 'State', 'Step', 'Waits for', 'Created'];

/**
 * @param {import('../app.js').Context} context
 * @returns {() => void}
 */
export function workersPage(context) {
  const { page, bar } = context;
  const slots = table('workers-table', SLOT_HEADS, slotRow);
  const queue = table('queue-table', QUEUE_HEADS, queueRow);
  const problem = h('p', { class: 'problem', role: 'alert' });
  const count = h('span', { class: 'meta', testid: 'slots-count' });
  const queued = h('span', { class: 'meta', testid: 'queue-count' });

  const load = async () => {
    const answers = await Promise.all([get('/workers'), get('/runs', { status: 'queued', limit: MOST_QUEUED })]).catch((error) => {
      if (error.status === 401) context.onSignedOut();
      else setText(problem, error.message);
    });
    if (!answers) return;
    const [workers, runs] = answers;
    setText(problem, '');
    /** @type {Slot[]} */
    const places = workers.items.flatMap(slotsOf);
    const busy = places.filter((place) => place.run !== null).length;
    setText(count, `${busy} of ${places.length} slots in use`);
    setText(queued, runs.next === null ? String(runs.items.length) : `the newest ${MOST_QUEUED}`);
    slots.show(places, 'No worker is online, so nothing can train. Start one with “python -m worker”, or the whole stack with “modescope up”.');
    queue.show([...runs.items].reverse(), 'Nothing waits.');
  };
  bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('span', { class: 'here', text: 'Workers' }));
  document.title = 'Workers · Modescope';
  page.className = 'list';
  page.replaceChildren(h('h1', { class: 'unseen', text: 'Workers and the queue' }), problem,
    h('section', { class: 'section', 'aria-label': 'Workers' }, h('div', { class: 'section-head' }, h('h2', { text: 'Workers' }), count), slots.element),
    h('section', { class: 'section', 'aria-label': 'Queue' }, h('div', { class: 'section-head' }, h('h2', { text: 'Queue' }), queued), queue.element));
  load();
  const timer = window.setInterval(() => {
    if (!document.hidden) load();
  }, AGAIN_MS);
  return () => window.clearInterval(timer);
}

/**
 * @template {{id: string}} T
 * @param {string} testid
 * @param {string[]} heads
 * @param {(item: T) => {element: HTMLElement, update: (item: T) => void}} row
 */
function table(testid, heads, row) {
  const body = h('tbody');
  const shown = h('table', { class: 'runs', testid, hidden: true }, h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { scope: 'col', text })))), body);
  const note = waiting('Loading …');
  const showRows = keyedRows(body, row);
  return {
    element: h('div', { class: 'panel table-frame' }, shown, note),
    /** @param {T[]} items @param {string} none in words */
    show(items, none) {
      setText(note, none);
      note.hidden = items.length > 0;
      shown.hidden = items.length === 0;
      showRows(items);
    },
  };
}

/** @param {import('../lib/types.js').Worker} worker @returns {Slot[]} */
function slotsOf(worker) {
  return worker.slots.map(({ device, run }, index) => ({ id: `${worker.name} ${index}`, worker, number: index + 1, device, run: run ?? null }));
}

/** @typedef {{id: string, worker: import('../lib/types.js').Worker, number: number, device: string, run: string | null}} Slot */

/** @param {Slot} slot */
function slotRow({ worker, number, device }) {
  const [trains, memory, up] = [h('td'), h('td', { class: 'figure' }), h('td', { class: 'meta' })];
  const element = h('tr', {},
    h('th', { scope: 'row', text: worker.name, title: `process ${worker.pid} on ${worker.host}` }), h('td', { text: `${number} · ${device}` }), trains, memory, up,
    h('td', { class: 'soft', text: worker.version }));
  let shown = '';
  return {
    element,
    /** @param {Slot} slot */
    update({ run, worker: { memory_bytes: used, memory_total_bytes: total, started_at: started, seen_at: seen } }) {
      if (shown !== `${run}`) trains.replaceChildren(run === null ? h('span', { class: 'soft', text: 'free' }) : h('a', { href: `/runs/${encodeURIComponent(run)}`, text: run }));
      shown = `${run}`;
      setText(memory, `${(used / GIB).toFixed(1)} of ${(total / GIB).toFixed(1)} GiB`);
      setText(up, age(Math.max(0, seen - started)));
    },
  };
}

/** @param {import('../lib/types.js').Run} run */
function queueRow({ id, created_at: created }) {
  const cells = runCells(id);
  const why = h('td');
  const element = h('tr', { testid: `queued-${id}` }, h('th', { scope: 'row' }, cells.name), cells.state, cells.steps, why,
    h('td', { class: 'meta', text: moment(created, Date.now() / 1000), title: new Date(created * 1000).toLocaleString() }));
  return {
    element,
    /** @param {import('../lib/types.js').Run} run */
    update(run) {
      cells.update(run);
      setText(why, run.reason ?? 'a worker is about to take it');
    },
  };
}
