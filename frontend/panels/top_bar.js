// @ts-check
/** The bar above every page: where one is, how old the data are, the theme, and the way out. */

import { h, icon, setAttribute, setText } from '../lib/dom.js';
import { freshness } from '../lib/freshness.js';
import { hasEnded } from '../lib/reduce.js';
import { applyTheme, nextTheme } from '../lib/theme.js';
import { band } from './band.js';
import { help } from './help.js';
import { statusBadge } from './status.js';

const TICK_MS = 250;

const ICONS = /** @type {const} */ ({ auto: 'half', light: 'sun', dark: 'moon' });

/**
 * @param {HTMLElement} bar
 * @param {import('../lib/store.js').Store} store
 * @param {{signOut: () => void}} actions
 */
export function topBar(bar, store, actions) {
  const crumbs = h('nav', { class: 'crumbs', 'aria-label': 'Where you are' });
  const state = h('span', {});
  const dataAge = h('span', { class: 'age meta', testid: 'data-age', title: 'Time since the last event of this run came in' });
  const theme = h('button', { class: 'plain small', type: 'button', testid: 'theme', on: { click: () => turnTheme(store) } });
  const out = h('button', { class: 'plain small', type: 'button', text: 'Sign out', testid: 'sign-out', on: { click: actions.signOut } });
  const why = band(store);
  const keyboard = help();
  bar.append(crumbs, state, why, dataAge, theme, keyboard.button, out, keyboard.dialog);

  const showTheme = () => {
    const { theme: name } = store.state;
    theme.setAttribute('aria-label', `Theme: ${name}`);
    theme.replaceChildren(icon(ICONS[/** @type {keyof typeof ICONS} */ (name)]), h('span', { text: `Theme: ${name}` }));
  };
  const showState = () => {
    const { open, recording } = store.state;
    out.hidden = store.state.session !== 'in';
    if (state.dataset.shown === (open?.run.status ?? '')) return;
    state.dataset.shown = open?.run.status ?? '';
    state.replaceChildren(...(open === null ? [] : [statusBadge(open.run.status, 'status'), h('span', { class: 'meta', text: recording === null || hasEnded(open.run.status) ? '' : ' when recorded' })]));
  };
  const showAge = () => {
    const { text, tone, shape } = freshness(store.state, performance.now());
    if (dataAge.dataset.tone !== tone) dataAge.replaceChildren(icon(shape), h('span'));
    dataAge.dataset.tone = tone;
    setAttribute(dataAge, 'class', `age ${tone}`);
    setText(/** @type {Element} */ (dataAge.lastElementChild), text);
    dataAge.hidden = store.state.open === null;
  };
  store.subscribe(['theme'], showTheme);
  store.subscribe(['run', 'session'], showState);
  window.setInterval(() => {
    if (!document.hidden) showAge();
  }, TICK_MS);
  showTheme();
  showAge();
  return { crumbs: (/** @type {(Node | string)[]} */ ...parts) => crumbs.replaceChildren(...parts) };
}

/** @param {import('../lib/store.js').Store} store */
function turnTheme(store) {
  store.change(['theme'], (state) => {
    state.theme = nextTheme(state.theme);
    applyTheme(state.theme);
  });
}
