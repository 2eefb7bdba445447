// @ts-check
/**
 * Plotly, fetched at once and run when there is something to look at: it takes the page half a second, in which nothing
 * else is drawn.
 */

import { plotlyAddress } from './connection.js';
import { h } from './dom.js';

/** It waits no longer than this for something to be shown. */
const MOST_MS = 2000;

/** @type {Promise<any> | null} */
let loading = null;

/**
 * @param {Promise<unknown>} [ready] what is to be painted before it runs; of the first who asks
 * @returns {Promise<any>}
 */
export function loadPlotly(ready = Promise.resolve()) {
  loading ??= loadAfter(Promise.race([ready, afterMost()]));
  return loading;
}

/** Whoever left the page before anything was shown does not keep it from running on the next one. */
function afterMost() {
  return new Promise((done) => window.setTimeout(done, MOST_MS));
}

function afterPaint() {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(undefined))));
}

/** @param {Promise<unknown>} ready */
async function loadAfter(ready) {
  const address = await plotlyAddress();
  document.head.append(h('link', { rel: 'preload', as: 'script', href: address }));
  await ready;
  await afterPaint();
  return runScript(address);
}

/** @param {string} address @returns {Promise<any>} */
function runScript(address) {
  const letStylesIn = keepStylesOut(document.head);
  return new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => done(/** @type {any} */ (window).Plotly);
    script.onerror = () => fail(new Error(`charts cannot be drawn: ${script.src} did not load; reload the page`));
    document.head.append(script);
  }).finally(letStylesIn);
}

/**
 * While it loads, Plotly's bundle puts in a style element for maps. Nothing here draws maps, and the page's policy
 * refuses style elements, with an error in the console; so it is not let in.
 * @param {HTMLHeadElement} head
 * @returns {() => void} ends it
 */
function keepStylesOut(head) {
  const append = head.appendChild.bind(head);
  head.appendChild = (node) => (node instanceof HTMLStyleElement ? node : append(node));
  return () => {
    Reflect.deleteProperty(head, 'appendChild');
  };
}
