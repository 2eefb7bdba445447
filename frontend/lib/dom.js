// @ts-check
/** Elements without innerHTML: text goes in as text. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element. Props: `class`, `text`, `testid`, `on` (event → listener), `data` (dataset); true, false and null set or
 * leave out an attribute; everything else is an attribute.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {HTMLElement} element @param {string} name @param {any} value */
function setProp(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'class') element.className = value;
  else if (name === 'text') element.textContent = value;
  else if (name === 'testid') element.dataset.testid = value;
  else if (name === 'data') Object.assign(element.dataset, value);
  else if (name === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/**
 * Set a text only when it differs: most updates change nothing, and a write costs a layout.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} element @param {string} name @param {string | null} value null removes it */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * An element of SVG with these attributes.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @returns {SVGElementTagNameMap[T]}
 */
export function svgElement(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Shapes that stand beside a state's word, so that colour is never alone. 12 × 12. */
const SHAPES = {
  dot: 'M6 2a4 4 0 1 0 0 8a4 4 0 1 0 0-8z',
  ring: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9zm0 1.6a2.9 2.9 0 1 1 0 5.8a2.9 2.9 0 1 1 0-5.8z',
  half: 'M6 1.5a4.5 4.5 0 1 0 0 9zm0 0a4.5 4.5 0 1 1 0 9v-1.3a3.2 3.2 0 1 0 0-6.4z',
  bars: 'M2.5 2h2.6v8h-2.6zM6.9 2h2.6v8h-2.6z',
  square: 'M2.2 2.2h7.6v7.6h-7.6z',
  tick: 'M1.6 6.4l1.3-1.3l2 2l4.2-4.3l1.3 1.3l-5.5 5.6z',
  cross: 'M2.4 3.6l1.2-1.2L6 4.8l2.4-2.4l1.2 1.2L7.2 6l2.4 2.4l-1.2 1.2L6 7.2L3.6 9.6L2.4 8.4L4.8 6z',
  barred: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9zm0 1.5a3 3 0 0 1 1.8.6L3.6 7.8A3 3 0 0 1 6 3zm0 6a3 3 0 0 1-1.8-.6l4.2-4.2A3 3 0 0 1 6 9z',
  query: 'M1 1h10v10h-10zM5.2 8.1v1.3h1.4v-1.3zM3.8 4.4h1.3q0-1 .9-1t.9.8q0 .5-.8 1t-.9 1.1v.8h1.4v-.5q0-.3.8-.9t.9-1.5q0-2-2.3-2t-2.2 2.2z',
  triangle: 'M6 1.4L11 10.4H1z',
  diamond: 'M6 1l5 5l-5 5l-5-5z',
  film: 'M1 2.5h10v7H1zm1.2 1.2v1.1h1.1V3.700zm0 3.500v1.1h1.1V7.200zm6.500-3.500v1.1h1.100V3.700zm0 3.500v1.1h1.100V7.200zM4.300 3.700h3.400v4.600H4.300z',
  enlarge: 'M1.500 1.500h3.700v1.300H3.700l1.700 1.700l-.9.9l-1.700-1.700v1.500H1.500zM10.500 10.500H6.800V9.200h1.500L6.600 7.500l.9-.9l1.700 1.700V6.800h1.300z',
  save: 'M5.3 1h1.4v5.1l1.8-1.8l1 1L6 8.8L2.5 5.3l1-1l1.8 1.8zM1.5 9.6h9V11h-9z',
  sun: 'M6 3.6a2.4 2.4 0 1 0 0 4.8a2.4 2.4 0 1 0 0-4.8zM5.4.6h1.2v1.8H5.4zM5.4 9.6h1.2v1.8H5.4zM.6 5.4h1.8v1.2H.6zM9.6 5.4h1.8v1.2H9.6zM1.8 2.6l.8-.8l1.3 1.3l-.8.8zM8.1 8.9l.8-.8l1.3 1.3l-.8.8zM1.8 9.4l1.3-1.3l.8.8l-1.3 1.3zM8.1 3.1l1.3-1.3l.8.8l-1.3 1.3z',
  moon: 'M7.8 1.3a4.9 4.9 0 1 0 2.9 7.3a4.3 4.3 0 0 1-2.9-7.3z',
};

/**
 * @param {keyof typeof SHAPES} shape
 * @param {string} [className]
 * @returns {SVGSVGElement}
 */
export function icon(shape, className = '') {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', '0 0 12 12');
  svg.setAttribute('class', `icon ${className}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', SHAPES[shape]);
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}

/**
 * A 22 × 10 sample of a line, as charts draw it: the legend's swatch.
 * @param {string} role
 * @param {string} dashes SVG dash array; empty for a solid line
 */
export function swatch(role, dashes) {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'line');
  svg.setAttribute('viewBox', '0 0 18 10');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  for (const [name, value] of Object.entries({ x1: '0', x2: '18', y1: '5', y2: '5', class: `stroke-${role}` })) {
    line.setAttribute(name, value);
  }
  if (dashes !== '') line.setAttribute('stroke-dasharray', dashes);
  svg.append(line);
  return svg;
}
