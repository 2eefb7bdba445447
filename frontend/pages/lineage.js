// @ts-check
/** The page of a run's family: every fork, twin and rewind, each a branch that leaves its parent's line where it began. */

import { h, setText } from '../lib/dom.js';
import { MOST_RUNS } from '../lib/compare.js';
import { applyToLineage, familyWords } from '../lib/lineage.js';
import { followAnswer } from '../lib/live_answer.js';
import { lineageTree } from '../panels/lineage_tree.js';
import { waiting } from '../panels/panel.js';
import { notFound } from './not_found.js';

const HOW = 'Enter opens a run at the step where it began, Space picks it for a comparison, ↑ ↓ go from run to run.';

/**
 * @param {import('../app.js').Context} context
 * @param {string} id
 * @returns {() => void} leaves the page
 */
export function lineagePage(context, id) {
  const { store, page, bar, announce } = context;
  /** @type {Set<string>} */
  const picked = new Set();
  const following = followAnswer(store, { topic: 'lineage', path: `/runs/${encodeURIComponent(id)}/lineage`, apply: applyToLineage }, (problem) => {
    if (problem.status === 401) context.onSignedOut();
    else notFound(context, `There is no run “${id}”.`, problem.message);
  });
  const title = h('h1', { class: 'twins-title', text: 'Lineage' });
  const words = h('p', { class: 'meta', testid: 'lineage-words', role: 'status' });
  const compare = h('a', { class: 'button primary', testid: 'compare-picked', hidden: true });
  const clear = h('button', { type: 'button', class: 'plain', text: 'Clear', hidden: true, on: { click: () => pick([...picked], false) } });
  const head = h('div', { class: 'lineage-head' }, h('div', {}, title, words), h('span', { class: 'spring' }), clear, compare);
  const tree = lineageTree(store, id, {
    has: (run) => picked.has(run),
    toggle: (run) => pick([run], !picked.has(run)),
    open: context.go,
  });
  const wait = waiting('Loading …');
  page.className = 'lineage-page';
  page.replaceChildren(wait);

  /** @param {string[]} runs @param {boolean} isPicked */
  function pick(runs, isPicked) {
    if (isPicked && picked.size + runs.length > MOST_RUNS) {
      announce(`A comparison has room for ${MOST_RUNS} runs.`, 'bad');
    } else {
      for (const run of runs) picked[isPicked ? 'add' : 'delete'](run);
    }
    show();
  }
  const show = () => {
    const { lineage, stream } = store.state;
    const name = lineage?.runs.find((run) => run.id === id)?.name ?? id;
    bar.crumbs(h('a', { href: '/', text: 'Runs' }), h('span', { text: '/' }), h('a', { href: `/runs/${encodeURIComponent(id)}`, text: name, testid: 'lineage-of' }),
      h('span', { text: '/' }), h('span', { class: 'here', text: 'lineage' }));
    document.title = `Lineage of ${name} · Modescope`;
    if (lineage === null) return;
    setText(title, `Lineage of ${name}`);
    setText(words, stream.state === 'retrying' ? 'The connection is lost: this is what was known. Runs go on.' : familyWords(lineage));
    compare.hidden = clear.hidden = picked.size === 0;
    setText(compare, picked.size === 1 ? 'Pick another to compare' : `Compare ${picked.size}`);
    compare.classList.toggle('primary', picked.size > 1);
    if (picked.size > 1) compare.setAttribute('href', `/compare?runs=${[...picked].map(encodeURIComponent).join(',')}&align=fork`);
    else compare.removeAttribute('href');
    if (wait.parentElement !== null) page.replaceChildren(head, tree.element, h('p', { class: 'meta', text: HOW }));
    tree.show();
  };
  // A fork that is made elsewhere says nothing to this page: whoever comes back to it sees it.
  const onSeen = () => {
    if (!document.hidden) following.refresh();
  };
  document.addEventListener('visibilitychange', onSeen);
  const stop = store.subscribe(['lineage', 'stream'], show);
  show();
  return () => {
    document.removeEventListener('visibilitychange', onSeen);
    following.stop();
    stop();
    tree.dispose();
  };
}
