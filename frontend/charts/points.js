// @ts-check
/** Points in the plane over D's surface: what a canvas draws, as plain numbers. */

/** A colour as its three parts, 0 to 255. @typedef {[number, number, number]} Rgb */

/**
 * @typedef {object} Cloud a `Points` body
 * @property {any[][]} generated
 * @property {any[][]} real
 * @property {any[]} extent
 * @property {any[][] | null} [field]
 * @property {any[][] | null} [slopes] gradient of D's logit at the first generated points
 *
 * @typedef {object} Options
 * @property {number} size side of the square canvas, in its own pixels
 * @property {Rgb} fake D is sure that it is generated
 * @property {Rgb} neutral D cannot tell
 * @property {Rgb} real D is sure that it is real
 */

/** The longest arrow, as a share of the picture's side. */
const LONGEST = 0.09;

/**
 * The field's colour is D's probability that a point is real, σ(logit), on a fixed scale, so that frames compare.
 * @param {Cloud} cloud
 * @param {Options} options
 */
export function figure(cloud, options) {
  const extent = /** @type {[number, number, number, number]} */ (cloud.extent.map(Number));
  const place = placer(extent, options.size);
  const inside = (/** @type {any[]} */ point) => {
    const [x, y] = place(Number(point[0]), Number(point[1]));
    return x >= 0 && y >= 0 && x <= options.size && y <= options.size;
  };
  const shown = (/** @type {any[][]} */ points) => points.filter(inside).map(([x, y]) => place(Number(x), Number(y)));
  const real = shown(cloud.real);
  const generated = shown(cloud.generated);
  return {
    data: { field: image(cloud.field ?? null, options), real, generated, arrows: arrows(cloud, place, options.size) },
    layout: { size: options.size, extent },
    notes: outside(cloud, generated.length),
    steepest: steepest(cloud),
  };
}

/** Norm of the longest finite slope, in logits per unit; null without any. @param {Cloud} cloud @returns {number | null} */
function steepest({ slopes }) {
  const norms = (slopes ?? []).map(([dx, dy]) => Math.hypot(Number(dx), Number(dy))).filter(Number.isFinite);
  return norms.length === 0 ? null : Math.max(...norms);
}

/**
 * From each point up D's surface: [x, y, by x, by y] in pixels, all to one scale, by which the longest has its fixed length.
 * @param {Cloud} cloud
 * @param {ReturnType<typeof placer>} place
 * @param {number} size
 * @returns {[number, number, number, number][]}
 */
function arrows({ slopes, generated }, place, size) {
  const [left, top] = place(0, 0);
  const all = (slopes ?? []).map(([dx, dy], index) => {
    const [x, y] = place(Number(generated[index]?.[0]), Number(generated[index]?.[1]));
    const [right, up] = place(Number(dx), Number(dy));
    return /** @type {[number, number, number, number]} */ ([x, y, right - left, up - top]);
  }).filter((arrow) => arrow.every(Number.isFinite));
  const longest = Math.max(0, ...all.map(([, , right, up]) => Math.hypot(right, up)));
  const scale = longest > 0 ? (LONGEST * size) / longest : 0;
  return all.map(([x, y, right, up]) => [x, y, right * scale, up * scale]);
}

/** @param {[number, number, number, number]} extent @param {number} size */
function placer([left, right, bottom, top], size) {
  return (/** @type {number} */ x, /** @type {number} */ y) => /** @type {[number, number]} */ ([
    ((x - left) / (right - left)) * size,
    ((top - y) / (top - bottom)) * size,
  ]);
}

/**
 * Red, green, blue and opacity of each lattice point, from the top row down.
 * @param {any[][] | null} field rows from low to high y
 * @param {Options} options
 */
function image(field, options) {
  if (field === null || field.length === 0) return null;
  const [rows, columns] = [field.length, field[0].length];
  const pixels = new Uint8ClampedArray(rows * columns * 4);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      pixels.set(colour(Number(field[rows - 1 - row][column]), options), (row * columns + column) * 4);
    }
  }
  return { rows, columns, pixels };
}

/** @param {number} logit @param {Options} options @returns {[number, number, number, number]} */
function colour(logit, { fake, neutral, real }) {
  if (Number.isNaN(logit)) return [0, 0, 0, 0];
  const sureness = Math.tanh(logit / 2);
  const towards = sureness < 0 ? fake : real;
  const share = Math.abs(sureness);
  const mix = (/** @type {number} */ part) => neutral[part] + (towards[part] - neutral[part]) * share;
  return [mix(0), mix(1), mix(2), 255];
}

/** @param {Cloud} cloud @param {number} shown */
function outside({ generated, field, slopes }, shown) {
  const isFinite = (/** @type {any[]} */ point) => point.every((part) => Number.isFinite(Number(part)));
  const lost = generated.filter((point) => !isFinite(point)).length;
  const holes = (field ?? []).flat().filter((logit) => Number.isNaN(Number(logit))).length;
  const unsloped = (slopes ?? []).filter((slope) => !isFinite(slope)).length;
  const away = generated.length - lost - shown;
  return [
    ...(lost > 0 ? [`${lost} points not finite`] : []),
    ...(away > 0 ? [`${away} points outside the frame`] : []),
    ...(unsloped > 0 ? [`D has no finite slope at ${unsloped} points`] : []),
    ...(holes > 0 ? [`D is not finite at ${holes} places`] : []),
  ];
}
