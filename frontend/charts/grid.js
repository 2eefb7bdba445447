// @ts-check
/** A grid of samples: how large its pixels may be, and where its labels stand. Pixels are never blurred. */

/** A line of labels, a letter of one, and the most that labels may take (CSS pixels). */
const LINE_PX = 18;
const LETTER_PX = 6.8;
const MOST_PX = 96;
const MOST_UPRIGHT_PX = 52;

/**
 * @typedef {object} Picture
 * @property {number} width of the PNG, in its own pixels
 * @property {number} height
 * @property {number} rows
 * @property {number} columns
 * @property {string[] | null} [rowLabels]
 * @property {string[] | null} [columnLabels]
 */

/**
 * @param {Picture} picture
 * @param {{width: number, height: number, ratio: number}} box room in CSS pixels, and device pixels to one of them
 */
export function figure(picture, box) {
  const rowLabels = fitting(picture.rowLabels, picture.rows);
  const columnLabels = fitting(picture.columnLabels, picture.columns);
  const left = rowLabels === null ? 0 : Math.min(MOST_PX, widest(rowLabels));
  const flat = columnLabels === null ? 0 : LINE_PX;
  const lying = wholeScale(picture, { ...box, width: box.width - left, height: box.height - flat });
  const isUpright = columnLabels !== null && widest(columnLabels) > (picture.width * lying) / picture.columns;
  const top = isUpright ? Math.min(MOST_UPRIGHT_PX, widest(columnLabels ?? [])) : flat;
  const scale = isUpright ? wholeScale(picture, { ...box, width: box.width - left, height: box.height - top }) : lying;
  const [width, height] = [picture.width * scale, picture.height * scale];
  return {
    data: [],
    layout: {
      scale, width, height, left, top, isUpright,
      rows: (rowLabels ?? []).map((text) => ({ text, size: height / picture.rows })),
      columns: (columnLabels ?? []).map((text) => ({ text, size: width / picture.columns })),
    },
  };
}

/** The largest scale that fits and makes each pixel a whole number of device pixels; below one, what fits. */
function wholeScale(/** @type {Picture} */ picture, /** @type {{width: number, height: number, ratio: number}} */ { width, height, ratio }) {
  const most = Math.min(width / picture.width, height / picture.height) * ratio;
  return (most >= 1 ? Math.floor(most) : Math.max(most, 0)) / ratio;
}

/** Labels that are as many as there are cells. @param {string[] | null | undefined} labels @param {number} count */
function fitting(labels, count) {
  return labels && labels.length === count ? labels : null;
}

/** @param {string[]} labels */
function widest(labels) {
  return 10 + LETTER_PX * Math.max(...labels.map(({ length }) => length));
}
