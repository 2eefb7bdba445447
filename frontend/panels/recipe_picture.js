// @ts-check
/** What a recipe looks like: what a run of it made, or, where nobody has drawn it, the kind of its samples. */

import { h } from '../lib/dom.js';
import { recipePictureAddress } from '../lib/connection.js';
import { integer } from '../lib/format.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 220;
const HEIGHT = 110;

/** @param {import('../lib/types.js').Recipe} recipe @param {import('../lib/types.js').Catalogue | null} catalogue */
export function recipePicture(recipe, catalogue) {
  const { name, picture = null, spec } = recipe;
  const sample = catalogue?.components.find((each) => each.family === 'datasets' && each.name === spec.dataset?.name)?.provides.sample ?? null;
  const frame = h('div', { class: 'recipe-picture' });
  if (picture === null) {
    frame.append(placeholder(sample));
    return frame;
  }
  const isEarly = picture.step < picture.steps;
  const image = h('img', { src: recipePictureAddress(name, picture.sha256), alt: '', width: WIDTH, height: HEIGHT, loading: 'lazy', decoding: 'async', class: sample === 'image' ? 'pixels' : '', title: `Step ${integer(picture.step)} of ${integer(picture.steps)}, seed ${picture.seed}` });
  image.addEventListener('error', () => frame.replaceChildren(placeholder(sample)));
  frame.append(image);
  if (isEarly) frame.append(h('span', { class: 'recipe-step', text: `at step ${integer(picture.step)} of ${integer(picture.steps)}` }));
  return frame;
}

/** Tiles for pictures, a ring of dots for points, a curve for numbers. @param {string | null} sample */
function placeholder(sample) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('aria-hidden', 'true');
  const shapes = sample === 'points' ? dots() : sample === 'image' ? tiles() : [shape('path', { d: 'M30 80C70 10 100 100 130 55S180 45 190 50', class: 'line' })];
  svg.append(...shapes);
  return svg;
}

function dots() {
  return Array.from({ length: 8 }, (_, k) => {
    const angle = (k / 8) * 2 * Math.PI;
    return shape('circle', { cx: String(WIDTH / 2 + 38 * Math.cos(angle)), cy: String(HEIGHT / 2 + 38 * Math.sin(angle)), r: '5' });
  });
}

function tiles() {
  return Array.from({ length: 18 }, (_, k) => shape('rect', { x: String(23 + (k % 6) * 30), y: String(13 + Math.floor(k / 6) * 30), width: '24', height: '24', rx: '3' }));
}

/** @param {string} tag @param {Record<string, string>} attributes */
function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
