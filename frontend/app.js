// @ts-check
/** Where the page begins: the session, and which page an address stands for. The only module with side effects. */

import { signIn, signOut } from './lib/connection.js';
import { h } from './lib/dom.js';
import { createStore } from './lib/store.js';
import { applyTheme, onSystemTheme, savedTheme } from './lib/theme.js';
import { comparePage } from './pages/compare.js';
import { docsPage } from './pages/docs.js';
import { launchPage } from './pages/launch.js';
import { lineagePage } from './pages/lineage.js';
import { notFound } from './pages/not_found.js';
import { runPage } from './pages/run.js';
import { runsPage } from './pages/runs.js';
import { signInPage } from './pages/sign_in.js';
import { sweepPage } from './pages/sweep.js';
import { sweepsPage } from './pages/sweeps.js';
import { twinsPage } from './pages/twins.js';
import { workersPage } from './pages/workers.js';
import { docsDrawer } from './panels/docs_drawer.js';
import { topBar } from './panels/top_bar.js';

/** An announcement is shown for so long. */
const TOAST_MS = 6000;

/**
 * @typedef {object} Context what every page gets
 * @property {import('./lib/store.js').Store} store
 * @property {HTMLElement} page
 * @property {ReturnType<typeof topBar>} bar
 * @property {(address: string) => void} go
 * @property {() => unknown} onSignedOut
 * @property {(message: string, tone?: string) => void} announce
 */

const store = createStore();
const page = /** @type {HTMLElement} */ (document.getElementById('page'));
const drawer = docsDrawer();
const announcer = /** @type {HTMLElement} */ (document.getElementById('announce'));
/** @type {() => void} */
let leave = () => {};
/** The address that the page was drawn for. */
let shown = '';

/** @type {Context} */
const context = {
  store,
  page,
  bar: topBar(/** @type {HTMLElement} */ (document.getElementById('top')), store, { signOut: signOutNow }),
  go,
  onSignedOut: () => store.state.session !== 'out' && askToken(''),
  announce,
};

/** Show the page that the address stands for. */
function route() {
  leave();
  leave = () => {};
  drawer.close();
  page.removeAttribute('class');
  const { pathname, search } = location;
  shown = pathname + search;
  const twins = /^\/runs\/([^/]+)\/twins\/([^/]+)\/?$/.exec(pathname);
  const lineage = /^\/runs\/([^/]+)\/lineage\/?$/.exec(pathname);
  const run = /^\/runs\/([^/]+)\/?$/.exec(pathname);
  const concept = /^\/docs(?:\/([^/]+))?\/?$/.exec(pathname);
  const sweep = /^\/sweeps\/([^/]+)\/?$/.exec(pathname);
  if (run !== null) leave = runPage(context, decoded(run[1]));
  else if (twins !== null) leave = twinsPage(context, decoded(twins[1]), decoded(twins[2]));
  else if (lineage !== null) leave = lineagePage(context, decoded(lineage[1]));
  else if (sweep !== null) leave = sweepPage(context, decoded(sweep[1]));
  else if (concept !== null) leave = docsPage(context, concept[1] === undefined ? null : decoded(concept[1]));
  else if (pathname === '/sweeps') leave = sweepsPage(context);
  else if (pathname === '/compare') leave = comparePage(context);
  else if (pathname === '/workers') leave = workersPage(context);
  else if (pathname === '/launch') leave = launchPage(context, new URLSearchParams(search));
  else if (pathname === '/' || pathname === '/runs') leave = runsPage(context);
  else notFound(context, 'There is no such page.');
}

/** A part of the address in plain text; one that cannot be decoded stands for itself. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Back or forward, or only another fragment: a page that is shown already keeps what was typed into it. */
function onAddress() {
  if (location.hash.includes('token=')) start();
  else if (location.pathname + location.search !== shown) route();
}

/** @param {string} address */
function go(address) {
  history.pushState(null, '', address);
  route();
  window.scrollTo(0, 0);
}

/** @param {string} why */
function askToken(why) {
  leave();
  leave = () => {};
  store.change(['session'], (state) => (state.session = 'out'));
  signInPage(context, begin, why);
}

function signOutNow() {
  signOut().then(() => askToken(''), (error) => announce(error.message, 'bad'));
}

/**
 * Said to those who listen, and shown for a while to those who look.
 * @param {string} message
 * @param {string} [tone]
 */
function announce(message, tone = '') {
  announcer.textContent = message;
  if (tone === '') return;
  const toast = h('div', { class: `toast ${tone}`, testid: 'toast', text: message });
  document.body.append(toast);
  window.setTimeout(() => toast.remove(), TOAST_MS);
}

function begin() {
  store.change(['session'], (state) => (state.session = 'in'));
  route();
}

/** A link with a token signs in, and leaves no token in the address or the history. */
async function start() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) {
    begin(); // who is not signed in is told so by the page's first answer
    return;
  }
  history.replaceState(null, '', location.pathname + location.search);
  await signIn(token).then(begin, (error) => {
    askToken(error.status === 401 || error.status === 403 ? 'The token in that link is not this server’s.' : error.message);
  });
}

document.body.append(drawer.element);
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (link === null || !isPlain || link.origin !== location.origin || link.target !== '' || link.hash !== '') return;
  if (link.pathname.startsWith('/api/') || link.hasAttribute('download')) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
window.addEventListener('popstate', onAddress);
onSystemTheme(() => store.change(['theme'], () => {}));
store.change(['theme'], (state) => applyTheme((state.theme = savedTheme())));
start();
