// @ts-check
/** What a run will cost, in words, and what that is based on. Pure. */

import { duration, number } from './format.js';

/**
 * `{lead: "about 4 min", basis: "83 steps/s seen in 3 earlier runs …"}`; a range where the runs differ.
 * @param {import('./types.js').Estimate | null} estimate
 * @param {number} steps of the run
 * @param {string | null} authors how long its recipe's author says that it takes
 * @param {number} [runs] of a sweep
 * @returns {{lead: string, basis: string}}
 */
export function costWords(estimate, steps, authors, runs = 1) {
  const said = authors === null ? '' : ` The recipe says: ${authors}.`;
  if (estimate === null) return { lead: '–', basis: `Known when the spec can run.${said}` };
  const { n_runs: n, seconds = null, low_per_s: low = null, high_per_s: high = null, steps_per_s: speed = null } = estimate;
  if (n === 0 || seconds === null || speed === null || low === null || high === null) return { lead: '–', basis: `No run like this was seen on this device yet.${said}` };
  const [quickest, slowest] = [duration(steps / high), duration(steps / low)];
  const range = quickest === slowest ? '' : ` (${quickest} to ${slowest})`;
  const speeds = number(low) === number(high) ? `${number(speed)} steps/s` : `${number(low)} to ${number(high)} steps/s`;
  const disk = estimate.checkpoint_bytes === null || estimate.checkpoint_bytes === undefined ? '' : ` A checkpoint takes ${bytes(estimate.checkpoint_bytes)}.`;
  return {
    lead: `about ${duration(seconds)}${range}${runs > 1 ? ` a run; ${runs} runs, about ${duration(seconds * runs)} of one slot, and some seconds for each to start` : ''}`,
    basis: `${speeds} seen in ${n === 1 ? 'one earlier run' : `${number(n)} earlier runs`} on ${estimate.device === 'cpu' ? 'the CPU' : estimate.device}, ${estimate.basis}.${disk}`,
  };
}

/** @param {number} size */
function bytes(size) {
  const [unit, per] = size >= 1e9 ? ['GB', 1e9] : size >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  return `${number(size / per)} ${unit}`;
}
