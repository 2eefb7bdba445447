// @ts-check
/** The page of one sweep: its runs as a matrix, live, and one button for those that are left. */

import { stopSweep } from '../lib/connection.js';
import { h } from '../lib/dom.js';
import { followAnswer } from '../lib/live_answer.js';
import { createPainter } from '../lib/painter.js';
import { applyToSweep, chosenAxes, rechosen } from '../lib/sweep.js';
import { waiting } from '../panels/panel.js';
import { sweepBar } from '../panels/sweep_bar.js';
import { sweepMatrix } from '../panels/sweep_matrix.js';
import { notFound } from './not_found.js';

/**
 * @param {import('../app.js').Context} context
 * @param {string} id
 * @returns {() => void} leaves the page
 */
export function sweepPage(context, id) {
  const { store, page, bar, announce } = context;
  const painter = createPainter();
  let wanted = choiceInAddress();
  const choice = () => chosenAxes(store.state.sweep?.axes ?? [], wanted);
  const following = followAnswer(store, { topic: 'sweep', path: `/sweeps/${encodeURIComponent(id)}`, apply: applyToSweep }, (problem) => {
    if (problem.status === 401) context.onSignedOut();
    else notFound(context, `There is no sweep “${id}”.`, problem.message);
  });
  const actions = {
    choose: (/** @type {'rows' | 'columns'} */ side, /** @type {string | null} */ axis) => {
      wanted = rechosen(choice(), side, axis);
      showInAddress(wanted);
      head.show();
      middle.show();
    },
    stop: () => {
      stopSweep(id).then(({ asked, not_asked: left }) => announce(
        left.length === 0 ? `Asked ${asked.length} ${asked.length === 1 ? 'run' : 'runs'} to stop.` : `${left.length} could not be asked: ${left[0].reason}`, left.length === 0 ? 'ok' : 'bad',
      ), (error) => announce(error.message, 'bad'));
    },
  };
  const head = sweepBar(store, choice, actions);
  const middle = sweepMatrix(store, painter, choice);
  const title = h('h1', { class: 'unseen', text: `Sweep ${id}` });
  const wait = waiting('Loading …');
  page.className = 'sweep-page';
  page.replaceChildren(title, wait);

  const show = () => {
    const { sweep } = store.state;
    const name = sweep?.name ?? id;
    bar.crumbs(h('a', { href: '/sweeps', text: 'Sweeps' }), h('span', { text: '/' }), h('span', { class: 'here', text: name, testid: 'sweep-name' }));
    document.title = `${name} · Modescope`;
    if (sweep !== null && wait.parentElement !== null) page.replaceChildren(title, head.element, middle.element);
  };
  const unsubscribe = store.subscribe(['sweep'], show);
  show();
  return () => {
    following.stop();
    unsubscribe();
    head.dispose();
    middle.dispose();
    painter.stop();
  };
}

/** The axes that the address asks for. @returns {import('../lib/sweep.js').Choice | null} */
function choiceInAddress() {
  const query = new URLSearchParams(location.search);
  const [rows, columns] = [query.get('rows'), query.get('columns')];
  return rows === null && columns === null ? null : { rows, columns };
}

/** @param {import('../lib/sweep.js').Choice} choice */
function showInAddress({ rows, columns }) {
  const given = Object.entries({ rows, columns }).flatMap(([side, axis]) => (axis === null ? [] : [[side, axis]]));
  history.replaceState(null, '', `${location.pathname}?${new URLSearchParams(given)}`);
}
