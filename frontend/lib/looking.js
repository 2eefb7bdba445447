// @ts-check
/** What pages of several charts do with a zoom and the cursor: finer buckets once a zoom is still, and Escape, which undoes both. */

/** A zoom asks for finer buckets when it has been still for so long. */
const STILL_MS = 150;

/**
 * @param {import('./store.js').Store} store
 * @param {() => void} forget the detail of another range
 * @param {() => void} refresh fetch that of this one
 * @returns {() => void} stops
 */
export function zoomDetail(store, forget, refresh) {
  let timer = 0;
  let last = store.state.view.range;
  const stop = store.subscribe(['view'], () => {
    const { range } = store.state.view;
    if (range === last) return;
    last = range;
    forget();
    window.clearTimeout(timer);
    if (range !== null) timer = window.setTimeout(refresh, STILL_MS);
  });
  return () => {
    stop();
    window.clearTimeout(timer);
  };
}

/** Escape undoes a zoom and takes the cursor away. @param {import('./store.js').Store} store @returns {() => void} stops */
export function wholeOnEscape(store) {
  const onKey = (/** @type {KeyboardEvent} */ { key }) => {
    if (key === 'Escape') store.change(['view'], ({ view }) => Object.assign(view, { cursor: null, range: null }));
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
