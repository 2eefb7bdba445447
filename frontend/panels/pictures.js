// @ts-check
/** The box on the right, at the cursor's step: the grid of samples, the 2-D view, or an instrument, each behind a tab. */

import { conceptOfSeries, PANELS } from '../lib/concepts.js';
import { h, icon, setAttribute, setText } from '../lib/dom.js';
import { INSTRUMENTS } from '../lib/instruments.js';
import { chartMenu } from './chart_menu.js';
import { cloud } from './cloud.js';
import { enlarge } from './enlarge.js';
import { instrument } from './instrument.js';
import { panel, waiting } from './panel.js';
import { samples } from './samples.js';

const TABS = { grid: 'Samples', points: '2-D view', ...INSTRUMENTS };

/**
 * @typedef {object} Content what is behind a tab
 * @property {HTMLElement} element
 * @property {() => string} words which step it shows
 * @property {() => string | null} [series] the first one shown
 * @property {() => import('./chart_menu.js').Saving[]} savings
 * @property {() => void} dispose
 */

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {import('../lib/live_looks.js').LiveLooks} looks
 */
export function pictures(store, painter, looks) {
  const { element, head, heading, aside, body, what } = panel('Samples', { class: 'pictures', testid: 'pictures', concept: PANELS.grid });
  const tabs = h('div', { class: 'tabs', role: 'group', 'aria-label': 'What to show', hidden: true });
  const none = waiting();
  heading.after(tabs);
  head.append(chartMenu('Samples', 'save-pictures', () => content?.savings() ?? []));
  /** @type {Content | null} */
  let content = null;
  /** @type {keyof typeof TABS | null} */
  let kind = null;

  const enlarged = enlarge();
  const tools = (/** @type {keyof typeof TABS} */ of) => [
    ...(of === 'grid' || of === 'points' ? [filmButton(store)] : []),
    enlarged.button(() => ({ title: TABS[of], content: contentOf(store, painter, looks, of, []) })),
  ];

  const show = () => {
    const { open, view } = store.state;
    if (open === null) return;
    const kinds = kindsOf(open);
    const wanted = kinds.find((each) => each === view.choice.pictures) ?? kinds[0] ?? null;
    if (wanted !== kind || (content === null && wanted !== null)) {
      kind = wanted;
      content?.dispose();
      content = kind === null ? null : contentOf(store, painter, looks, kind, tools(kind));
      body.replaceChildren(content?.element ?? none);
    }
    if (kind === null && none.parentElement === null) body.replaceChildren(none);
    setText(none, waitingFor(open));
    setText(heading, kind === null ? 'Samples' : TABS[kind]);
    tabs.hidden = kinds.length < 2;
    heading.hidden = !tabs.hidden;
    if (tabs.childElementCount !== kinds.length) tabs.replaceChildren(...kinds.map((each) => tab(store, each)));
    for (const button of tabs.children) setAttribute(button, 'aria-pressed', String(/** @type {HTMLElement} */ (button).dataset.kind === kind));
    setText(aside, content?.words() ?? '');
    what.set(kind === null ? 'Samples' : TABS[kind], conceptOf(open, kind, content?.series?.() ?? null));
  };
  const stop = store.subscribe(['infos', 'pictures', 'points', 'looks', 'view', 'run'], show);
  const timer = window.setInterval(() => setText(aside, content?.words() ?? ''), 500);
  show();
  return {
    element,
    dispose: () => {
      stop();
      window.clearInterval(timer);
      enlarged.close();
      content?.dispose();
    },
  };
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {import('../lib/live_looks.js').LiveLooks} looks
 * @param {keyof typeof TABS} kind
 * @param {HTMLElement[]} tools
 */
function contentOf(store, painter, looks, kind, tools) {
  if (kind === 'grid') return samples(store, tools);
  return kind === 'points' ? cloud(store, painter, tools) : instrument(store, painter, looks, kind, tools);
}

/** Shows or hides the filmstrip above the rail. @param {import('../lib/store.js').Store} store */
function filmButton(store) {
  const toggle = () => store.change(['view'], ({ view: { choice } }) => {
    if (choice.film === 'on') delete choice.film;
    else choice.film = 'on';
  });
  return h('button', { type: 'button', class: 'plain tool', title: 'Filmstrip: the pictures of the whole run in a row', 'aria-label': 'Filmstrip', testid: 'filmstrip-button', on: { click: toggle } }, icon('film'));
}

/** @param {import('../lib/store.js').Store} store @param {keyof typeof TABS} kind */
function tab(store, kind) {
  const choose = () => store.change(['view'], (state) => (state.view.choice.pictures = kind));
  return h('button', { type: 'button', class: 'plain small', text: TABS[kind], testid: `tab-${kind}`, data: { kind }, on: { click: choose } });
}

/**
 * @param {import('../lib/store.js').RunState} open
 * @param {keyof typeof TABS | null} kind
 * @param {string | null} series that is shown
 */
function conceptOf(open, kind, series) {
  if (kind === 'points') return PANELS.points;
  return series === null ? PANELS.grid : conceptOfSeries(open, series);
}

/** @param {import('../lib/store.js').RunState} open @returns {(keyof typeof TABS)[]} */
function kindsOf({ infos }) {
  const kinds = new Set([...infos.values()].map(({ kind }) => kind));
  return /** @type {(keyof typeof TABS)[]} */ (Object.keys(TABS).filter((kind) => kinds.has(kind)));
}

/** Why there is nothing to show yet. @param {import('../lib/store.js').RunState} open */
function waitingFor({ infos, run }) {
  if (['finished', 'stopped', 'failed'].includes(run.status)) return 'This run ended before it drew samples.';
  return infos.size > 0 ? 'This run draws no samples.' : 'The first samples come with the first step.';
}
