// @ts-check
/** The parts of a snapshot of one run, each fetched into its state: what it was asked, what it measures, and how far that goes. */

import { get, getMeasurement, getSeries } from './connection.js';
import { oldest } from './cursor.js';
import { inParallel, noneYet } from './fetching.js';
import { fromWire } from './format.js';
import { ledgerKey } from './ledger.js';

/** Buckets asked for a chart: about one a pixel of the widest. */
export const BUCKETS = 600;

/** Requests that the ledger starts from: all of them, as the api allows. */
const MOST_REQUESTS = 10_000;

/** @typedef {import('./store.js').RunState} RunState */

/** @param {RunState} open */
export async function loadLedger(open) {
  const ledger = await get(`/runs/${encodeURIComponent(open.run.id)}/ledger`, { limit: MOST_REQUESTS });
  for (const item of ledger.items) open.ledger.set(ledgerKey(item.request_id, item.name), item);
}

/** Which series there are, and the last value of each. @param {RunState} open */
export async function loadInfos(open) {
  const series = await get(`/runs/${encodeURIComponent(open.run.id)}/series`);
  for (const info of series.items) {
    open.infos.set(info.name, info);
    if (info.last !== null && info.last !== undefined) open.lastValues.set(info.name, fromWire(info.last));
  }
}

/** Of pictures and points the steps that exist. @param {RunState} open */
export async function loadPictures(open) {
  const stepped = [...open.infos.values()].filter(({ kind }) => kind === 'grid' || kind === 'points');
  await inParallel(stepped, (info) => loadSteps(open, info));
}

/** @param {RunState} open @param {import('./types.js').SeriesInfo} info */
async function loadSteps(open, { name, kind }) {
  const answer = await getSeries(open.run.id, name).catch(noneYet);
  if (answer === null) return;
  (kind === 'grid' ? open.pictures : open.clouds).set(name, answer.steps);
  open.stepCursors.set(name, answer.cursor);
  const last = answer.steps[answer.steps.length - 1];
  if (kind !== 'grid' || last === undefined) return;
  const { series, ...layout } = await getMeasurement(open.run.id, name, last);
  open.layouts.set(series, layout);
}

/** Event id up to which all of it is complete. @param {RunState} open */
export function snapshotEnd(open) {
  const scalars = [...open.scalars.values()].map(({ cursor }) => cursor);
  const looks = [...open.looks.values()].map(({ cursor }) => cursor);
  return oldest([open.run.cursor, ...scalars, ...open.stepCursors.values(), ...looks]);
}
