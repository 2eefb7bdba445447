// @ts-check
/** The page of one run: everything about it on one screen, live. */

import { alarms } from '../panels/alarms.js';
import { chartPanel } from '../panels/chart_panel.js';
import { commands } from '../panels/commands.js';
import { filmstrip } from '../panels/filmstrip.js';
import { knobs } from '../panels/knobs.js';
import { ledger } from '../panels/ledger.js';
import { pictures } from '../panels/pictures.js';
import { rail } from '../panels/rail.js';
import { recordingNote } from '../panels/recording_note.js';
import { vitals } from '../panels/vitals.js';
import { whatIs } from '../panels/what.js';
import { fromSearch, toSearch } from '../lib/address.js';
import { loadCatalogue } from '../lib/catalogue.js';
import { PANELS } from '../lib/concepts.js';
import { askKnobs, forkRun, giveCommand, makeTwins } from '../lib/connection.js';
import { h } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { followRun } from '../lib/live.js';
import { createPainter } from '../lib/painter.js';
import { chosen, plan } from '../lib/plan.js';
import { jump, pin } from '../lib/playback.js';
import { loadPlotly } from '../lib/plotly.js';
import { notFound } from './not_found.js';

/** A zoom asks for finer buckets when it has been still for so long. */
const STILL_MS = 150;

/** A picture that takes longer than this is not waited for. */
const PICTURE_MS = 250;

/**
 * @typedef {import('../app.js').Context} Context
 */

/**
 * @param {Context} context
 * @param {string} id
 * @returns {() => void} leaves the page
 */
export function runPage(context, id) {
  const { store, page, bar } = context;
  const painter = createPainter();
  loadPlotly(somethingShown(store)).catch(() => {}); // the panel that draws with it says what is wrong
  store.change(['view', 'drafts'], (state) => {
    Object.assign(state.view, fromSearch(location.search));
    state.drafts.clear();
  });
  const following = followRun(store, id, charted, (problem) => {
    if (problem.status === 401) context.onSignedOut();
    else notFound(context, `There is no run “${id}”.`, problem.message);
  });
  const actions = {
    applyKnobs: (/** @type {Record<string, unknown>} */ values, /** @type {string} */ reason) => askKnobs(id, values, reason),
    undo: (/** @type {Record<string, unknown>} */ values, /** @type {string} */ reason) => askKnobs(id, values, reason).catch((error) => {
      context.announce(error.message, 'bad');
      throw error;
    }),
    command: (/** @type {string} */ name, /** @type {Record<string, unknown>} */ params = {}) => giveCommand(id, name, params).then(() => {}, (error) => context.announce(error.message, 'bad')),
    fork: async (/** @type {object} */ wanted, /** @type {boolean} */ isStopped, /** @type {string} */ key) => {
      const { id: child } = await forkRun(id, wanted, key);
      if (isStopped) await giveCommand(id, 'stop').catch((error) => context.announce(error.message, 'bad'));
      context.go(`/runs/${encodeURIComponent(child)}`);
    },
    twin: async (/** @type {string} */ request) => {
      await makeTwins(id, request).catch((error) => {
        context.announce(error.message, 'bad');
        throw error;
      });
      context.go(`/runs/${encodeURIComponent(id)}/twins/${encodeURIComponent(request)}`);
    },
    pin: (/** @type {number} */ step) => store.change(['view'], (state) => (state.view.cursor = step)),
  };

  // The recipe's cures come from the catalogue; without one, the run page lacks nothing else.
  if (store.state.catalogue === null) loadCatalogue(store).catch((error) => (error.status === 401 ? context.onSignedOut() : undefined));
  const foot = rail(store);
  const { recording } = store.state;
  const parts = [
    vitals(store), recording === null ? commands(store, actions) : recordingNote(recording), knobs(store, actions), ledger(store, actions),
    pictures(store, painter, following.looks), alarms(store), filmstrip(store), foot,
  ];
  const [vital, verbs, left, log, right, watch, film, below] = parts.map((part) => part.element);
  const middle = chartGrid(store, painter);
  page.className = 'run';
  page.replaceChildren(
    h('h1', { class: 'unseen', text: `Run ${id}` }),
    h('div', { class: 'strip' }, vital, whatIs('Vitals', PANELS.vitals).button, verbs),
    h('div', { class: 'board' }, h('div', { class: 'left' }, left, log), middle.element, h('div', { class: 'right' }, right, watch)),
    film, below,
  );
  const stops = [
    store.subscribe(['run'], () => showName(store, bar, id)),
    store.subscribe(['infos', 'view'], () => following.want(store.state.open === null ? [] : charted(store.state.open))),
    zoomDetail(store, following),
    store.subscribe(['view'], () => showInAddress(store)),
    announceOutcomes(context),
    keys(store, foot.film),
  ];
  showName(store, bar, id);
  /** @param {import('../lib/store.js').RunState} open */
  function charted(open) {
    const traces = plan(open).flatMap((chart) => chosen(chart, store.state.view.choice).traces);
    return [...new Set(traces.flatMap(({ name, error }) => (error === undefined ? [name] : [name, error])))];
  }
  return () => {
    following.stop();
    for (const stop of stops) stop();
    for (const part of parts) part.dispose();
    middle.dispose();
    painter.stop();
  };
}

/**
 * When the run's numbers are there, and its picture too if that does not take long.
 * @param {import('../lib/store.js').Store} store
 * @returns {Promise<void>}
 */
function somethingShown(store) {
  return new Promise((done) => {
    const stop = store.subscribe(['run'], () => {
      if (store.state.open === null) return;
      stop();
      const whenSeen = new MutationObserver(finish);
      const timer = window.setTimeout(finish, PICTURE_MS);
      for (const picture of document.querySelectorAll('.pictures')) whenSeen.observe(picture, { subtree: true, attributes: true, attributeFilter: ['data-step'] });
      function finish() {
        whenSeen.disconnect();
        window.clearTimeout(timer);
        done();
      }
    });
  });
}

/**
 * The charts in the middle. They are built anew only when the run turns out to have others than its spec promised.
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<typeof createPainter>} painter
 */
function chartGrid(store, painter) {
  const element = h('div', { class: 'charts' });
  /** @type {Map<string, ReturnType<typeof chartPanel>>} */
  let panels = new Map();
  const show = () => {
    if (store.state.open === null) return;
    const charts = plan(store.state.open);
    if (charts.map(({ id }) => id).join() !== [...panels.keys()].join()) {
      const before = panels;
      panels = new Map(charts.map((chart) => [chart.id, before.get(chart.id) ?? chartPanel(store, painter, chart)]));
      for (const [id, panel] of before) if (!panels.has(id)) panel.dispose();
      element.replaceChildren(...[...panels.values()].map((panel) => panel.element));
    }
    for (const chart of charts) panels.get(chart.id)?.update(chart);
  };
  const stop = store.subscribe(['infos', 'run'], show);
  show();
  return {
    element,
    dispose: () => {
      stop();
      for (const panel of panels.values()) panel.dispose();
    },
  };
}

/**
 * A zoomed range is fetched in finer buckets; a new range throws the old detail away.
 * @param {import('../lib/store.js').Store} store
 * @param {import('../lib/live.js').Following} following
 */
function zoomDetail(store, following) {
  let timer = 0;
  let last = '';
  return store.subscribe(['view', 'infos'], () => {
    const { view: { range }, open } = store.state;
    if (open === null) return;
    const coarse = [...open.scalars.values()].filter(({ bucketSteps }) => bucketSteps > 1).map(({ name }) => name);
    const key = JSON.stringify([range, coarse]);
    if (key === last) return;
    last = key;
    open.details.clear();
    window.clearTimeout(timer);
    if (range !== null && coarse.length > 0) timer = window.setTimeout(() => following.zoom(coarse, range), STILL_MS);
  });
}

/** Says what became of a request, for those who do not see the row. @param {Context} context */
function announceOutcomes({ store, announce }) {
  /** @type {Map<string, string>} */
  const said = new Map();
  let run = '';
  return store.subscribe(['ledger'], () => {
    const { open } = store.state;
    if (open === null) return;
    const isFirst = run !== open.run.id;
    run = open.run.id;
    for (const [key, { name, outcome, step, outcome_reason: reason }] of open.ledger) {
      const now = outcome ?? 'asked';
      if (said.get(key) === now) continue;
      said.set(key, now);
      if (!isFirst && outcome) announce(`${name} ${outcome}${outcome === 'applied' && step ? ` at step ${step}` : ''}${reason ? `: ${reason}` : ''}`);
    }
  });
}

/**
 * What `panels/help.js` tells of this page; never while somebody types.
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<typeof import('../lib/playback.js').playback>} film
 */
function keys(store, film) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input:not([type="range"]), select, textarea');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]:not(.enlarged)') !== null) return;
    const isEnlarged = document.querySelector('dialog.enlarged') !== null;
    if (isEnlarged && event.key === 'Escape') return; // closes it
    const { open, view } = store.state;
    const isOnControl = event.target instanceof HTMLElement && event.target.matches('input, [role="slider"], button, a, summary');
    const by = /** @type {Record<string, number>} */ ({ ArrowLeft: -0.01, ArrowRight: 0.01 })[event.key];
    const key = event.key.toLowerCase();
    if (key === 'l') pin(store, null);
    else if (key === 'n') jump(store, 1);
    else if (key === 'p') jump(store, -1);
    else if (key === 'f') film.toggle();
    else if (event.key === 'Escape') store.change(['view'], (state) => (state.view.range = null));
    else if (isOnControl) return;
    else if (by !== undefined) pin(store, (view.cursor ?? open?.run.step ?? 0) + by * (event.shiftKey ? 10 : 1) * (open?.run.step ?? 0));
    else if (event.key === ' ') pin(store, view.cursor === null ? (open?.run.step ?? 0) - 1 : null);
    else return;
    event.preventDefault();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

/** @param {import('../lib/store.js').Store} store @param {Context['bar']} bar @param {string} id */
function showName({ state: { open, recording } }, bar, id) {
  const run = open?.run ?? null;
  const name = run?.name ?? id;
  /** Where the page is a file, its links would lead nowhere. */
  const link = (/** @type {Record<string, string>} */ { href, ...props }) => (recording === null ? h('a', { ...props, href }) : h('span', props));
  const origin = !run?.parent ? [] : [link({
    class: 'meta', href: `/runs/${encodeURIComponent(run.parent)}?t=${run.parent_step}`, testid: 'parent',
    text: `fork of ${run.parent} at step ${integer(run.parent_step ?? 0)}`,
  })];
  const twins = !run?.parent || !run.left_out || recording !== null ? [] : [link({
    class: 'meta', href: `/runs/${encodeURIComponent(run.parent)}/twins/${encodeURIComponent(run.left_out)}`, text: 'compare with its twin', testid: 'twin-of-run',
  })];
  const set = !run?.sweep ? [] : [link({ class: 'meta', href: `/sweeps/${encodeURIComponent(run.sweep)}`, text: 'of a sweep', testid: 'sweep-of-run' })];
  const family = (!run?.parent && !run?.n_forks) || recording !== null ? [] : [link({ class: 'meta', href: `/runs/${encodeURIComponent(id)}/lineage`, text: 'lineage', testid: 'lineage-of-run' })];
  const beside = !run?.parent || recording !== null ? [] : [link({ class: 'meta', href: `/compare?runs=${encodeURIComponent(run.parent)},${encodeURIComponent(id)}&align=fork`, text: 'compare', title: 'Beside the run that it goes on from', testid: 'compare-of-run' })];
  bar.crumbs(link({ href: '/', text: 'Runs' }), h('span', { text: '/' }), h('span', { class: 'here', text: name, testid: 'run-name' }), ...set, ...origin, ...twins, ...family, ...beside);
  document.title = `${name}${recording === null ? '' : ' · recording'} · Modescope`;
}

/** @param {import('../lib/store.js').Store} store */
function showInAddress(store) {
  const wanted = location.pathname + toSearch(store.state.view);
  if (wanted !== location.pathname + location.search) history.replaceState(null, '', wanted);
}
