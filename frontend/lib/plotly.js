// @ts-check
/** Plotly, fetched once and after the first paint. */

import { plotlyAddress } from './connection.js';

/** @type {Promise<any> | null} */
let loading = null;

/** @returns {Promise<any>} */
export function loadPlotly() {
  loading ??= afterPaint().then(plotlyAddress).then(fetchScript);
  return loading;
}

function afterPaint() {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(undefined))));
}

/** @param {string} address @returns {Promise<any>} */
function fetchScript(address) {
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
