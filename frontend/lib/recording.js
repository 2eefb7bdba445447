// @ts-check
/** What a recording is, in words: a run in a file, without a server. Pure. */

import { integer } from './format.js';
import { hasEnded } from './reduce.js';

/**
 * @typedef {object} Recording
 * @property {string} run its id
 * @property {string} name
 * @property {string} status as it was
 * @property {number} step that it had come to
 * @property {number} made_at Unix seconds
 * @property {string} version of the server that made it
 * @property {number} bucket_steps of the coarsest scalar series
 * @property {Cut[]} cuts what is not whole
 * @property {{name: string, step: number}[]} lost pictures that the artefact store did not give
 *
 * @typedef {{name: string, kind: string, kept: number, of: number}} Cut
 */

/** Why nothing can be turned. */
export const READ_ONLY = 'This is a file: nothing can be changed from here. Open the run on its server.';

/** Kind of series → what one measurement of it is called. @type {Record<string, string>} */
const CALLED = { grid: 'pictures', points: 'clouds', spectrum: 'spectra', eigenvalues: 'looks', density: 'densities' };

/** @param {Recording} recording */
export function madeWords({ made_at: made, version, step, status }) {
  const when = new Date(made * 1000).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  const how = hasEnded(status) ? `the run ${status === 'failed' ? 'failed' : `was ${status}`} at step ${integer(step)}` : `at step ${integer(step)}, while the run was ${status}`;
  return `made ${when} by Modescope ${version}; ${how}`;
}

/**
 * What the file leaves out, a line a reason.
 * @param {Recording} recording
 * @returns {string[]}
 */
export function limitsOf({ bucket_steps: width, cuts, lost, status }) {
  return [
    width > 1 ? `Charts are in buckets of up to ${integer(width)} steps, with the least, greatest and last value of each; a zoom shows the same ones.` : 'Charts have every point.',
    ...cuts.map(({ name, kind, kept, of }) => `${name}: ${integer(kept)} of ${integer(of)} ${CALLED[kind] ?? 'measurements'}, evenly spread, and the last.`),
    ...lost.map(({ name, step }) => `${name}: the picture of step ${integer(step)} could not be read on the server.`),
    'Checkpoints are listed, and their files are not in here.',
    ...(hasEnded(status) ? [] : ['The run may have gone on since.']),
  ];
}
