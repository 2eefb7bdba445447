// @ts-check
/** Plotly, fetched once and after the first paint; the address is in the page's head. */

/** @type {Promise<any> | null} */
let loading = null;

/** @returns {Promise<any>} */
export function loadPlotly() {
  loading ??= afterPaint().then(fetchScript);
  return loading;
}

function afterPaint() {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(undefined))));
}

function fetchScript() {
  return new Promise((done, fail) => {
    const script = document.createElement('script');
    const meta = document.querySelector('meta[name="plotly"]');
    script.src = meta?.getAttribute('content') ?? '';
    script.onload = () => done(/** @type {any} */ (window).Plotly);
    script.onerror = () => fail(new Error(`charts cannot be drawn: ${script.src} did not load; reload the page`));
    document.head.append(script);
  });
}
