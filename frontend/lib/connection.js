// @ts-check
/** Everything that goes over the network: requests to the api, and the one stream of events. No state, no drawing. */

const BASE = '/api/v1';

/** Kinds of event that the stream carries (`contract/events.py`). */
const KINDS = [
  'run.status', 'scalars', 'grid', 'points', 'spectrum', 'eigenvalues', 'density',
  'knob.asked', 'knob.applied', 'knob.refused', 'knob.superseded', 'knob.lost',
  'command.asked', 'command.applied', 'command.refused', 'command.superseded', 'command.lost',
  'alarm.raised', 'alarm.cleared', 'guard.state', 'checkpoint.written', 'monitor.stretched', 'monitor.disabled', 'log',
];

/** What the api answered instead of what was wanted; `errors` says where in a spec or which knob. */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} document */
  constructor(status, document) {
    super(document.detail || document.title || `the server answered ${status}`);
    this.status = status;
    this.code = String(document.code ?? '');
    /** @type {import('./types.js').SpecError[]} */
    this.errors = document.errors ?? [];
  }

  /** Whether no retry can mend it: no session, or no such thing. */
  get isFinal() {
    return this.status === 401 || this.status === 404;
  }
}

/**
 * @param {string} method
 * @param {string} path under /api/v1
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @param {AbortSignal} [signal] gives up
 * @returns {Promise<any>} the JSON answer, or null when there is none
 * @throws {Problem} when the answer is not a success, or none came
 */
export async function request(method, path, body, headers = {}, signal = undefined) {
  /** @type {RequestInit} */
  const init = { method, headers: { Accept: 'application/json', ...headers }, credentials: 'same-origin', signal };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'Content-Type': 'application/json' };
  }
  const answer = await fetch(BASE + path, init).catch(() => {
    throw new Problem(0, { detail: 'The server cannot be reached. Is “modescope up” still running?' });
  });
  const isJson = (answer.headers.get('Content-Type') ?? '').includes('json');
  const content = isJson ? await answer.json() : null;
  if (!answer.ok) throw new Problem(answer.status, content ?? {});
  return content;
}

/** @param {string} path @param {Record<string, string | number | null | undefined>} [query] @returns {Promise<any>} */
export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return request('GET', text === '' ? path : `${path}?${text}`);
}

/** Whoever has not answered by then is not there. @param {string} path @param {number} within_ms @returns {Promise<any>} */
export const getSoon = (path, within_ms) => request('GET', path, undefined, {}, AbortSignal.timeout(within_ms));

/** @param {string} token */
export const signIn = (token) => request('POST', '/session', { token });

export const signOut = () => request('DELETE', '/session');

/** @param {Record<string, unknown>} wanted a `CreateRun` */
export const createRun = (wanted) => request('POST', '/runs', wanted, { 'Idempotency-Key': crypto.randomUUID() });

/** Everything that a launch would say of a spec; nothing is launched. @param {Record<string, unknown>} asked a `CheckSpec` */
export const checkSpec = (asked) => request('POST', '/specs', asked);

/** @param {string} recipe @param {string} sha256 of the picture, so that it is kept for good */
export function recipePictureAddress(recipe, sha256) {
  return `${BASE}/catalogue/recipes/${encodeURIComponent(recipe)}/picture?sha256=${sha256}`;
}

/** @returns {Promise<import('./types.js').UploadedSet[]>} newest first */
export const listDatasets = async () => (await get('/datasets')).items;

/** @param {string} dataset an upload on which no run trains */
export const removeDataset = (dataset) => request('DELETE', `/datasets/${encodeURIComponent(dataset)}`);

/**
 * Send a zip of pictures. By XMLHttpRequest, since fetch does not say how much has been sent.
 * @param {string} name
 * @param {Blob} body
 * @param {(share: number) => void} onProgress
 * @returns {{done: Promise<import('./types.js').Upload>, cancel: () => void}}
 */
export function uploadDataset(name, body, onProgress) {
  const sending = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    sending.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    sending.onerror = () => reject(new Problem(0, { detail: 'The server broke off, or cannot be reached. Is “modescope up” still running?' }));
    sending.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    sending.onload = () => {
      const document = parsed(sending.responseText);
      if (sending.status === 201) resolve(document);
      else reject(new Problem(sending.status, document));
    };
  });
  sending.open('POST', `${BASE}/datasets?name=${encodeURIComponent(name)}`);
  sending.setRequestHeader('Content-Type', 'application/zip');
  sending.send(body);
  return { done, cancel: () => sending.abort() };
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/**
 * Ask for new values; what becomes of them comes back as events.
 * @param {string} run
 * @param {Record<string, unknown>} values each a value, or {to, over, shape}
 * @param {string} reason
 */
export function askKnobs(run, values, reason) {
  return request('PATCH', `/runs/${encodeURIComponent(run)}/knobs`, values, reasonHeader(reason));
}

/** @param {string} run @param {string} command @param {Record<string, unknown>} [params] */
export function giveCommand(run, command, params = {}) {
  return request('POST', `/runs/${encodeURIComponent(run)}/commands`, { command, params });
}

/** @param {string} run one that has ended */
export const deleteRun = (run) => request('DELETE', `/runs/${encodeURIComponent(run)}`);

/** @param {string} run @param {object} wanted a `ForkRun` @param {string} key the same for a try again: it makes one fork */
export function forkRun(run, wanted, key) {
  return request('POST', `/runs/${encodeURIComponent(run)}/forks`, wanted, { 'Idempotency-Key': key });
}

/** Asked again, the same twins. @param {string} run @param {string} change the request that they are without */
export function makeTwins(run, change) {
  return request('POST', `/runs/${encodeURIComponent(run)}/twins`, { request_id: change });
}

/** A file of a run: html, csv, jsonl or yaml. @param {string} run @param {string} format */
export function exportAddress(run, format) {
  return `${BASE}/runs/${encodeURIComponent(run)}/export?format=${format}`;
}

/** Where Plotly's bundle is: its address has its version in it. @returns {Promise<string>} */
export async function plotlyAddress() {
  return document.querySelector('meta[name="plotly"]')?.getAttribute('content') ?? '';
}

/** @param {Record<string, unknown>} wanted a `CreateSweep` */
export const createSweep = (wanted) => request('POST', '/sweeps', wanted, { 'Idempotency-Key': crypto.randomUUID() });

/** Ask every run of a sweep that has not ended to stop. @param {string} sweep */
export const stopSweep = (sweep) => request('POST', `/sweeps/${encodeURIComponent(sweep)}/stop`);

/** @param {string} run @param {string} series @param {number} step */
export function pictureAddress(run, series, step) {
  return `${BASE}/runs/${encodeURIComponent(run)}/series/${encodeURIComponent(series)}/${step}`;
}

/**
 * Points, a spectrum …, or, of a picture, its rows, columns and their labels.
 * @param {string} run
 * @param {string} series
 * @param {number} step
 */
export function getMeasurement(run, series, step) {
  return get(`/runs/${encodeURIComponent(run)}/series/${encodeURIComponent(series)}/${step}`);
}

/** @param {string} run @param {string} series @param {{from?: number, to?: number, buckets?: number, looks?: number}} [query] */
export function getSeries(run, series, query = {}) {
  return get(`/runs/${encodeURIComponent(run)}/series/${encodeURIComponent(series)}`, query);
}

/**
 * @typedef {object} StreamListener
 * @property {(event: import('./types.js').RunEvent) => void} onEvent
 * @property {(state: 'connecting' | 'open' | 'retrying') => void} onState
 * @property {(why: 'reset' | 'resync' | 'refused') => void} onLost it cannot go on from where it was: load anew
 */

/**
 * The one stream of this tab. The browser reconnects by itself, with the id of the last event that it got, until the
 * server answers with an error.
 * @param {string[] | null} runs whose events; null for everybody's
 * @param {string} after
 * @param {StreamListener} listener
 * @returns {() => void} closes it
 */
export function openStream(runs, after, listener) {
  const query = new URLSearchParams(runs === null ? { after } : { runs: runs.join(','), after });
  const source = new EventSource(`${BASE}/events?${query}`);
  /** @param {'reset' | 'resync' | 'refused'} why */
  const lose = (why) => {
    source.close();
    listener.onLost(why);
  };
  listener.onState('connecting');
  source.onopen = () => listener.onState('open');
  source.onerror = () => {
    listener.onState('retrying');
    if (source.readyState === EventSource.CLOSED) lose('refused');
  };
  source.addEventListener('reset', () => lose('reset'));
  source.addEventListener('resync', () => lose('resync'));
  for (const kind of KINDS) {
    source.addEventListener(kind, ({ data, lastEventId }) => listener.onEvent({ ...JSON.parse(data), id: lastEventId }));
  }
  return () => source.close();
}

/** @param {string} reason @returns {Record<string, string>} */
function reasonHeader(reason) {
  const printable = reason.replace(/[^\x20-\x7e]/g, '?').trim().slice(0, 200);
  return printable === '' ? {} : { 'X-Modescope-Reason': printable };
}
