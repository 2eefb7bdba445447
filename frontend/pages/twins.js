// @ts-check
/** The page of one change: the run beside its twin without it, and how far runs drift apart by chance alone. */

import { makeTwins } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { followTwins } from '../lib/live_twins.js';
import { wholeOnEscape, zoomDetail } from '../lib/looking.js';
import { createPainter } from '../lib/painter.js';
import { areTraining, differenceLines, differenceOf, memberLines, verdictWords } from '../lib/twins.js';
import { waiting } from '../panels/panel.js';
import { twinsChart } from '../panels/twins_chart.js';
import { twinsHead } from '../panels/twins_head.js';
import { twinsTable } from '../panels/twins_table.js';
import { notFound } from './not_found.js';

const NO_TWIN = 'There is no twin of this change yet.';

/**
 * @param {import('../app.js').Context} context
 * @param {string} id
 * @param {string} request whose changes the twins are without
 * @returns {() => void} leaves the page
 */
export function twinsPage(context, id, request) {
  const { store, page, bar, announce } = context;
  const painter = createPainter();
  store.change(['view'], ({ view }) => Object.assign(view, { cursor: null, range: null }));
  const following = followTwins(store, id, request, new URLSearchParams(location.search).get('series'), (problem) => {
    if (problem.status === 401) context.onSignedOut();
    else notFound(context, 'There is nothing to compare.', problem.message);
  });
  const actions = {
    choose: (/** @type {string} */ series) => {
      history.replaceState(null, '', `${location.pathname}?${new URLSearchParams({ series })}`);
      store.change(['view'], ({ view }) => (view.range = null));
      following.choose(series);
    },
    make: () => makeTwins(id, request).then(following.refresh, (error) => announce(error.message, 'bad')),
  };
  const words = h('p', { class: 'words twins-verdict', testid: 'twin-verdict' });
  const parts = [
    twinsHead(store, actions),
    twinsTable(store),
    twinsChart(store, painter, {
      title: 'Side by side', testid: 'chart-values', empty: 'Nothing of this series was measured since the checkpoint.',
      lines: ({ members, scalars, details }) => memberLines(members, details ?? scalars),
    }),
    twinsChart(store, painter, {
      title: 'What the change made of it', testid: 'chart-difference', empty: 'No step since the checkpoint was measured in both the run and its twin yet.',
      lines: ({ members, scalars, details }) => {
        const found = differenceOf(members, details ?? scalars);
        return found === null ? [] : differenceLines(found);
      },
    }),
  ];
  const wait = waiting('Loading …');
  page.className = 'twins-page';
  page.replaceChildren(wait);

  const show = () => {
    const { twins } = store.state;
    const name = twins?.members[0].run.name ?? id;
    bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('a', { href: `/runs/${encodeURIComponent(id)}`, text: name, testid: 'twin-of' }),
      h('span', { text: '/' }), h('span', { class: 'here', text: 'twin' }));
    document.title = `Twin of ${name} · Modescope`;
    if (twins === null) return;
    const found = differenceOf(twins.members, twins.scalars);
    setText(words, found === null ? NO_TWIN : verdictWords(found, twins.change[0].step ?? 0, !areTraining(twins.members)));
    if (wait.parentElement !== null) page.replaceChildren(...parts.map(({ element }) => element), words);
  };
  const forget = () => store.change(['twins'], ({ twins }) => twins !== null && (twins.details = null));
  const stops = [store.subscribe(['twins'], show), zoomDetail(store, forget, following.refresh), wholeOnEscape(store)];
  show();
  return () => {
    following.stop();
    for (const stop of stops) stop();
    for (const part of parts) part.dispose();
    painter.stop();
  };
}
