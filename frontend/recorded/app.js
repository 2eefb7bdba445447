// @ts-check
/** Where the page begins that is a file: the page of one run, out of what the file holds. */

import { READ_ONLY } from '../lib/recording.js';
import { createStore } from '../lib/store.js';
import { applyTheme, onSystemTheme, savedTheme } from '../lib/theme.js';
import { runPage } from '../pages/run.js';
import { docsDrawer } from '../panels/docs_drawer.js';
import { topBar } from '../panels/top_bar.js';
import { recording } from './lib/connection.js';

const store = createStore();
const page = /** @type {HTMLElement} */ (document.getElementById('page'));
const announcer = /** @type {HTMLElement} */ (document.getElementById('announce'));
const announce = (/** @type {string} */ message) => {
  announcer.textContent = message;
};

document.querySelector('.brand')?.removeAttribute('href');
document.body.append(docsDrawer({ hasPages: false }).element);
/** An address of the server leads nowhere from here. */
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.hasAttribute('download') || link.hash !== '') return;
  event.preventDefault();
  announce(READ_ONLY);
});
onSystemTheme(() => store.change(['theme'], () => {}));
store.change(['theme', 'recording'], (state) => {
  state.recording = recording();
  applyTheme((state.theme = savedTheme()));
});
const bar = topBar(/** @type {HTMLElement} */ (document.getElementById('top')), store, { signOut: () => {} });
runPage({ store, page, bar, announce, go: () => {}, onSignedOut: () => {} }, recording().run);
