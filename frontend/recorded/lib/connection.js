// @ts-check
/**
 * Stands in for `lib/connection.js` where the page is a file: the same functions, answered out of the file, by what the
 * api had answered. Nothing here goes over the network; the file's own policy forbids it, too.
 */

import { Problem } from '../../lib/connection.js';
import { READ_ONLY } from '../../lib/recording.js';
import { blobOf, bytesOf } from '../../lib/saving.js';

export * from '../../lib/connection.js';

/** What the file holds of that kind, by what the page asks for. @type {Map<string, HTMLElement>} */
const held = new Map();
/** Pictures that were asked for, as addresses. @type {Map<string, string>} */
const pictures = new Map();

/** @param {string} kind @param {string} path @returns {HTMLElement | undefined} */
function find(kind, path) {
  if (held.size === 0) {
    for (const element of document.querySelectorAll('script[data-path]')) {
      const { kind: of = '', path: at = '' } = /** @type {HTMLElement} */ (element).dataset;
      held.set(`${of} ${at}`, /** @type {HTMLElement} */ (element));
    }
  }
  return held.get(`${kind} ${path}`);
}

/** What this file is: which run, made when, and what it leaves out. @returns {import('../../lib/recording.js').Recording} */
export function recording() {
  return JSON.parse(find('recording', '')?.textContent ?? 'null');
}

/** @param {string} path @returns {Promise<any>} the api's answer, as it was */
export async function get(path) {
  const [plain] = path.split('?');
  const found = find('answer', plain);
  if (found === undefined) throw new Problem(404, { detail: `This file does not hold ${plain}.` });
  return JSON.parse(found.textContent ?? '');
}

export const getSoon = get;

/** @param {string} run @param {string} series */
export const getMeasurement = (run, series, /** @type {number} */ step) => get(`/runs/${run}/series/${series}/${step}`);

/** Of looks those in the range; scalars are in the same buckets, whatever was asked. @param {string} run @param {string} series @param {{from?: number, to?: number}} [query] */
export async function getSeries(run, series, { from = 0, to = Infinity } = {}) {
  const answer = await get(`/runs/${run}/series/${series}`);
  if (answer.looks === undefined) return answer;
  return { ...answer, looks: answer.looks.filter((/** @type {{step: number}} */ { step }) => step >= from && step <= to) };
}

/** @param {string} run @param {string} series @param {number} step @returns {string} empty where the file has no such picture */
export function pictureAddress(run, series, step) {
  const path = `/runs/${run}/series/${series}/${step}`;
  const element = find('picture', path);
  if (element === undefined) return '';
  const address = pictures.get(path) ?? URL.createObjectURL(blobOf(element.textContent ?? '', element.dataset.media ?? ''));
  pictures.set(path, address);
  return address;
}

/** Plotly is in the file, compressed. @returns {Promise<string>} */
export async function plotlyAddress() {
  const packed = new Blob([bytesOf(find('plotly', '')?.textContent ?? '')]);
  const script = await new Response(packed.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  return URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
}

/** Nothing new comes. */
export const openStream = () => () => {};

export const exportAddress = () => '';

/** @returns {Promise<never>} */
export async function request() {
  throw new Problem(405, { detail: READ_ONLY });
}
export const signIn = request;
export const signOut = request;
export const createRun = request;
export const askKnobs = request;
export const giveCommand = request;
export const deleteRun = request;
export const forkRun = request;
export const makeTwins = request;
export const createSweep = request;
export const stopSweep = request;
