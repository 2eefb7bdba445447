// @ts-check
/** A run's state as a shape and a word: colour is never alone. */

import { h, icon } from '../lib/dom.js';

/** @type {Record<string, {shape: Parameters<typeof icon>[0], tone: string}>} */
const LOOKS = {
  queued: { shape: 'ring', tone: 'soft' },
  starting: { shape: 'half', tone: 'accent' },
  running: { shape: 'dot', tone: 'ok' },
  paused: { shape: 'bars', tone: 'warn' },
  parked: { shape: 'bars', tone: 'soft' },
  finished: { shape: 'tick', tone: 'ok' },
  stopped: { shape: 'square', tone: 'soft' },
  failed: { shape: 'cross', tone: 'bad' },
  lost: { shape: 'query', tone: 'warn' },
};

/**
 * @param {string} status
 * @param {string} [testid]
 * @returns {HTMLElement}
 */
export function statusBadge(status, testid) {
  const { shape, tone } = LOOKS[status] ?? { shape: 'query', tone: 'warn' };
  return h('span', { class: `state ${tone}`, testid, data: { status } }, icon(shape), h('span', { text: status }));
}
