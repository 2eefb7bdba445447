// @ts-check
/** What a chart shows, as a table of text: values as they are, NaN and infinities in words, nothing rounded. Pure. */

/**
 * @typedef {number | string | null} Cell null is an empty field: nothing there
 *
 * @typedef {object} Column a scalar series as a chart holds it
 * @property {string} name
 * @property {string} [unit]
 * @property {number} bucketSteps
 * @property {number[]} steps
 * @property {number[]} min
 * @property {number[]} max
 * @property {number[]} last
 * @property {number[]} nonfinite
 *
 * @typedef {import('./looks.js').Look} Look
 */

/**
 * @param {Cell[][]} rows
 * @returns {string}
 */
export function csv(rows) {
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}

/**
 * The buckets that a chart shows: a row a step, four columns a series, as the api has them.
 * @param {Column[]} columns
 * @param {[number, number]} range only steps in it
 * @param {string} [axis] what is in the first column
 * @returns {string}
 */
export function scalarCsv(columns, [from, to], axis = 'step') {
  /** @type {Map<number, Cell[]>} */
  const rows = new Map();
  columns.forEach(({ steps, min, max, last, nonfinite }, which) => {
    steps.forEach((step, index) => {
      if (step < from || step > to) return;
      const row = rows.get(step) ?? [step, ...columns.flatMap(() => NOTHING)];
      row.splice(1 + NOTHING.length * which, NOTHING.length, min[index], max[index], last[index], nonfinite[index]);
      rows.set(step, row);
    });
  });
  const heads = columns.flatMap((column) => ['min', 'max', 'last'].map((what) => `${column.name} ${what}${about(column)}`).concat(`${column.name} not finite (points)`));
  return csv([[axis, ...heads], ...[...rows.values()].sort(([one], [other]) => Number(one) - Number(other))]);
}
/** The fields of a series at a step that it has no bucket at. @type {Cell[]} */
const NOTHING = [null, null, null, null];

/**
 * Spectra, a row a value.
 * @param {Look[]} looks
 * @param {string} name
 * @param {string} [unit]
 */
export function spectrumCsv(looks, name, unit = '') {
  const rows = looks.flatMap(({ step, body }) => body.values.map((/** @type {number} */ value, /** @type {number} */ index) => [step, index + 1, value]));
  return csv([['step', 'index', `${name}${bracketed(unit)}`], ...rows]);
}

/**
 * Eigenvalues, a row a value; those of a symmetric matrix have no imaginary part.
 * @param {Look[]} looks
 * @param {string} name
 * @param {string} [unit]
 */
export function eigenvalueCsv(looks, name, unit = '') {
  const rows = looks.flatMap(({ step, body }) => body.real.map((/** @type {number} */ real, /** @type {number} */ index) =>
    [step, index + 1, real, body.imaginary?.[index] ?? null, body.residuals[index] ?? null]));
  return csv([['step', 'index', `${name} real${bracketed(unit)}`, `${name} imaginary${bracketed(unit)}`, `residual${bracketed(unit)}`], ...rows]);
}

/**
 * Densities, a row a place.
 * @param {{name: string, look: Look}[]} curves
 */
export function densityCsv(curves) {
  const rows = curves.flatMap(({ name, look: { step, body } }) => body.at.map((/** @type {number} */ at, /** @type {number} */ index) =>
    [name, step, at, body.density[index] ?? null, body.stderr[index] ?? null]));
  return csv([['series', 'step', 'at', 'density', 'standard error'], ...rows]);
}

/**
 * Points in the plane, and D's logits on their lattice, which spans the extent from edge to edge.
 * @param {number} step
 * @param {import('../charts/points.js').Cloud} cloud
 */
export function pointsCsv(step, { real, generated, extent, field: lattice }) {
  const [left, right, bottom, top] = extent.map(Number);
  const along = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ index, /** @type {number} */ n) => low + ((high - low) * index) / Math.max(1, n - 1);
  const points = (/** @type {string} */ kind, /** @type {any[][]} */ all) => all.map(([x, y]) => [step, kind, x, y, null]);
  const logits = (lattice ?? []).flatMap((row, down) => row.map((logit, across) => (
    [step, 'lattice', along(left, right, across, row.length), along(bottom, top, down, (lattice ?? []).length), logit])));
  return csv([['step', 'kind', 'x', 'y', 'logit of D'], ...points('real', real), ...points('generated', generated), ...logits]);
}

/** @param {Column} column */
function about({ unit, bucketSteps }) {
  const width = bucketSteps > 1 ? `bucket of ${bucketSteps} steps` : '';
  return bracketed([unit ?? '', width].filter((text) => text !== '').join(', '));
}

/** @param {string} text */
function bracketed(text) {
  return text === '' ? '' : ` (${text})`;
}

/** @param {Cell} value */
function field(value) {
  if (value === null) return '';
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
