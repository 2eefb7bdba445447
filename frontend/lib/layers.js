// @ts-check
/** The layers of the 2-D view; which of them are hidden stands in the address. Pure. */

export const LAYERS = /** @type {const} */ (['real', 'generated', 'surface', 'slopes']);

/** @typedef {typeof LAYERS[number]} Layer */

/** @param {Record<string, string>} choice @returns {Set<Layer>} those that are drawn */
export function layersShown({ hidden = '' }) {
  const without = hidden.split('.');
  return new Set(LAYERS.filter((layer) => !without.includes(layer)));
}

/** @param {Record<string, string>} choice changed in place @param {Layer} layer */
export function toggleLayer(choice, layer) {
  const shown = layersShown(choice);
  if (!shown.delete(layer)) shown.add(layer);
  const hidden = LAYERS.filter((each) => !shown.has(each));
  if (hidden.length === 0) delete choice.hidden;
  else choice.hidden = hidden.join('.');
}
