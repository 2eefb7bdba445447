// @ts-check
/** Every sweep, newest first, with how far each is; asked again now and then while it is looked at. */

import { get } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { moment } from '../lib/format.js';
import { keyedRows } from '../lib/rows.js';
import { waiting } from '../panels/panel.js';

const HEADS = ['Name', 'Axes', 'Runs', 'Recipe', 'Created'];
const AGAIN_MS = 5000;
const LIMIT = 50;

/**
 * @param {import('../app.js').Context} context
 * @returns {() => void}
 */
export function sweepsPage(context) {
  const { page, bar } = context;
  const body = h('tbody');
  const showRows = keyedRows(body, row);
  const table = h('table', { class: 'runs', testid: 'sweeps-table', hidden: true },
    h('thead', {}, h('tr', {}, ...HEADS.map((text) => h('th', { scope: 'col', text })))), body);
  const note = waiting('Loading …');
  const problem = h('p', { class: 'problem', role: 'alert' });
  const more = h('button', { type: 'button', text: 'Older sweeps', hidden: true });
  let limit = LIMIT;

  const load = async () => {
    const answer = await get('/sweeps', { limit }).catch((error) => {
      if (error.status === 401) context.onSignedOut();
      else setText(problem, error.message);
    });
    if (!answer) return;
    setText(problem, '');
    setText(note, 'No sweep yet. Launch one from “New run”, with the command “modescope sweep”, or over REST.');
    table.hidden = answer.items.length === 0;
    note.hidden = !table.hidden;
    more.hidden = answer.next === null || limit >= 10 * LIMIT;
    showRows(answer.items);
  };
  more.addEventListener('click', () => {
    limit = 10 * LIMIT;
    load();
  });
  bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('span', { class: 'here', text: 'Sweeps' }));
  document.title = 'Sweeps · Modescope';
  page.className = 'list';
  page.replaceChildren(h('h1', { class: 'unseen', text: 'Sweeps' }),
    h('section', { class: 'section', 'aria-label': 'Sweeps' },
      h('div', { class: 'section-head' }, h('h2', { text: 'Sweeps' }), h('span', { class: 'meta', text: 'one spec, several values, compared as a matrix' })),
      problem, h('div', { class: 'panel table-frame' }, table, note), more));
  load();
  const timer = window.setInterval(() => {
    if (!document.hidden) load();
  }, AGAIN_MS);
  return () => window.clearInterval(timer);
}

/** @param {import('../lib/types.js').SweepSummary} sweep */
function row({ id, name, axes, recipe, created_at: created }) {
  const states = h('td');
  const element = h('tr', { testid: `sweep-row-${id}` },
    h('th', { scope: 'row' }, h('a', { href: `/sweeps/${encodeURIComponent(id)}`, text: name })),
    h('td', { text: axes.map((axis) => `${axis.name} (${axis.values.length})`).join(' × ') }), states,
    h('td', { class: 'soft', text: recipe ?? '–' }), h('td', { class: 'meta', text: moment(created, Date.now() / 1000), title: new Date(created * 1000).toLocaleString() }));
  return {
    element,
    /** @param {import('../lib/types.js').SweepSummary} sweep */
    update({ statuses }) {
      setText(states, Object.entries(statuses).map(([status, count]) => `${count} ${status}`).join(', '));
    },
  };
}
