// @ts-check
/** The page of one sweep: its runs as a matrix, across parallel axes, or as rows of samples; live, and one button for those that are left. */

import { stopSweep } from '../lib/connection.js';
import { h } from '../lib/dom.js';
import { followAnswer } from '../lib/live_answer.js';
import { createPainter } from '../lib/painter.js';
import { rangesFrom, rangesText } from '../lib/parallel.js';
import { applyToSweep, chosenAxes, rechosen } from '../lib/sweep.js';
import { waiting } from '../panels/panel.js';
import { sweepBar } from '../panels/sweep_bar.js';
import { sweepMatrix } from '../panels/sweep_matrix.js';
import { sweepParallel } from '../panels/sweep_parallel.js';
import { sweepStrips } from '../panels/sweep_strips.js';
import { sweepViews, viewOf } from '../panels/sweep_views.js';
import { notFound } from './not_found.js';

/**
 * @typedef {object} Looking what the address holds
 * @property {import('../panels/sweep_views.js').View} view
 * @property {import('../lib/sweep.js').Choice | null} axes of the matrix
 * @property {import('../panels/sweep_parallel.js').Choice} parallel
 * @property {{axis: string | null, only: string | null}} strips
 *
 * @param {import('../app.js').Context} context
 * @param {string} id
 * @returns {() => void} leaves the page
 */
export function sweepPage(context, id) {
  const { store, page, bar } = context;
  const painter = createPainter();
  const looking = fromAddress();
  const choice = () => chosenAxes(store.state.sweep?.axes ?? [], looking.axes);
  const following = followAnswer(store, { topic: 'sweep', path: `/sweeps/${encodeURIComponent(id)}`, apply: applyToSweep }, (problem) => {
    if (problem.status === 401) context.onSignedOut();
    else notFound(context, `There is no sweep “${id}”.`, problem.message);
  });
  const keep = () => showInAddress(looking);
  const make = {
    matrix: () => sweepMatrix(store, painter, choice),
    parallel: () => sweepParallel(store, painter, looking.parallel, { onChoice: keep, open: context.go }),
    pictures: () => sweepStrips(store, painter, looking.strips, keep),
  };
  const views = sweepViews((view) => {
    looking.view = view;
    keep();
    arrange();
  });
  const head = sweepBar(store, choice, {
    choose: (side, axis) => {
      looking.axes = rechosen(choice(), side, axis);
      keep();
      head.show();
      middle.show();
    },
    stop: () => stopRest(context, id),
  });
  let middle = make[looking.view]();
  const title = h('h1', { class: 'unseen', text: `Sweep ${id}` });
  const wait = waiting('Loading …');
  page.className = 'sweep-page';
  page.replaceChildren(title, wait);

  /** Another view in the place of this one. */
  const arrange = () => {
    middle.dispose();
    middle = make[looking.view]();
    place();
  };
  const place = () => {
    page.dataset.view = looking.view;
    views.update(looking.view);
    page.replaceChildren(title, head.element, views.element, middle.element);
    middle.show();
  };
  const show = () => {
    const { sweep } = store.state;
    const name = sweep?.name ?? id;
    bar.crumbs(h('a', { href: '/sweeps', text: 'Sweeps' }), h('span', { text: '/' }), h('span', { class: 'here', text: name, testid: 'sweep-name' }));
    document.title = `${name} · Modescope`;
    if (sweep !== null && wait.parentElement !== null) place();
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

/** @param {import('../app.js').Context} context @param {string} id */
function stopRest({ announce }, id) {
  stopSweep(id).then(({ asked, not_asked: left }) => announce(
    left.length === 0 ? `Asked ${asked.length} ${asked.length === 1 ? 'run' : 'runs'} to stop.` : `${left.length} could not be asked: ${left[0].reason}`, left.length === 0 ? 'ok' : 'bad',
  ), (error) => announce(error.message, 'bad'));
}

/** @returns {Looking} */
function fromAddress() {
  const query = new URLSearchParams(location.search);
  const [rows, columns] = [query.get('rows'), query.get('columns')];
  return {
    view: viewOf(query.get('view')),
    axes: rows === null && columns === null ? null : { rows, columns },
    parallel: { colour: query.get('colour'), ranges: rangesFrom(query.getAll('keep')) },
    strips: { axis: query.get('of'), only: query.get('only') },
  };
}

/** What is as it would be anyway is left out. @param {Looking} looking */
function showInAddress({ view, axes, parallel, strips }) {
  const query = new URLSearchParams(view === 'matrix' ? {} : { view });
  const given = { rows: axes?.rows, columns: axes?.columns, colour: parallel.colour, of: strips.axis, only: strips.only };
  for (const [name, value] of Object.entries(given)) if (value !== null && value !== undefined) query.append(name, value);
  for (const text of rangesText(parallel.ranges)) query.append('keep', text);
  const text = query.toString().replaceAll('%3A', ':');
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
}
