// @ts-check
/** An axis of time: ticks at round times, in words. Pure. */

import { duration } from './format.js';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
/** Distances of ticks that a person counts in. */
const ROUND = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500], ...[1, 2, 5, 10, 20, 30].map((n) => n * SECOND), ...[1, 2, 5, 10, 20, 30].map((n) => n * MINUTE),
  ...[1, 2, 4, 6, 12].map((n) => n * HOUR), ...[1, 2, 5, 10, 20, 50, 100].map((n) => n * DAY),
];

/**
 * What Plotly needs of it.
 * @param {[number, number]} range milliseconds
 * @param {number} width of the plot in pixels
 */
export function timeTicks([from, to], width) {
  const most = width > 500 ? 8 : 5;
  const apart = ROUND.find((each) => (to - from) / each <= most) ?? ROUND[ROUND.length - 1];
  const values = [];
  for (let at = Math.ceil(from / apart) * apart; at <= to; at += apart) values.push(at);
  return { tickmode: 'array', tickvals: values, ticktext: values.map(timeWords), unifiedhovertitle: { text: '%{x:,d} ms' } };
}

/**
 * A span of time, finer when short: 0, 250 ms, 1.5 s, 4 min.
 * @param {number} ms
 */
export function timeWords(ms) {
  if (ms === 0) return '0';
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  return ms < 10 * SECOND && ms % SECOND !== 0 ? `${(ms / SECOND).toFixed(1)} s` : duration(ms / 1000);
}
