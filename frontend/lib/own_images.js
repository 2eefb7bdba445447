// @ts-check
/** One's own pictures before they are sent, and which recipe suits them. Pure. */

import { find } from './entries.js';

/** What the api takes (`contract/uploads.py`). */
export const MOST_BYTES = 256 * 2 ** 20;
/** A zip without its 64-bit extension has 65 535 files; the api takes fewer. */
export const MOST_FILES = 50_000;
export const LEAST_FILES = 10;

const PICTURE = /\.(png|jpe?g|webp)$/i;
/** Recipes to begin with, the simplest first. */
const FIRST = { plain: ['digits-dcgan'], labelled: ['faces-acgan', 'acgan-projection'] };

/**
 * @typedef {{name: string, content: Blob}} Named a file, with the folders that it lies in
 * @typedef {import('./types.js').UploadedSet} UploadedSet
 */

/** Whether somebody gave one zip, which goes as it is. @param {Named[]} files */
export function isZip(files) {
  return files.length === 1 && /\.zip$/i.test(files[0].name);
}

/** The files that may be pictures. @param {Named[]} files */
export function pictures(files) {
  return files.filter(({ name }) => PICTURE.test(name));
}

/** Why these cannot be sent, in words; '' when they can. @param {Named[]} files */
export function objection(files) {
  const size = files.reduce((sum, { content }) => sum + content.size, 0);
  if (size > MOST_BYTES) return `They take ${Math.ceil(size / 2 ** 20)} MiB; at most ${MOST_BYTES / 2 ** 20} are taken at once. Choose fewer, or make them smaller.`;
  if (isZip(files)) return '';
  if (files.length > MOST_FILES) return `There are ${files.length}; at most ${MOST_FILES} are taken.`;
  return files.length < LEAST_FILES ? `${files.length === 0 ? 'None is' : `Only ${files.length} ${files.length === 1 ? 'is' : 'are'}`} a png, jpeg or webp; ${LEAST_FILES} are the least.` : '';
}

/**
 * The recipe to launch with a set of pictures: labels are used where there are some.
 * @param {import('./types.js').Catalogue} catalogue
 * @param {UploadedSet} set
 * @returns {import('./types.js').Recipe | null}
 */
export function suitable(catalogue, set) {
  const isLabelled = set.classes.length > 1;
  const fit = catalogue.recipes.filter(({ spec, device }) => {
    const gives = find(catalogue, 'datasets', spec.dataset?.name)?.provides.sample;
    const takesLabels = (spec.conditioning?.name ?? 'none') !== 'none';
    return device !== 'gpu' && gives === 'image' && takesLabels === isLabelled;
  });
  const wanted = isLabelled ? FIRST.labelled : FIRST.plain;
  return wanted.map((name) => fit.find((recipe) => recipe.name === name)).find((recipe) => recipe !== undefined) ?? fit[0] ?? null;
}

/** The dataset of a spec that trains on the set, at the size of the recipe's own pictures. @param {UploadedSet} set @param {Record<string, any>} spec */
export function asDataset(set, spec) {
  const size = [16, 32, 64].includes(spec.dataset?.size) ? spec.dataset.size : 32;
  return { name: 'uploaded', id: set.id, size, labels: set.classes.length > 1 };
}
