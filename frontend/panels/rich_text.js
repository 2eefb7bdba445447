// @ts-check
/** A concept's text, built from the parts that the api parsed: elements of a closed list, and text as text. */

import { h } from '../lib/dom.js';

/**
 * @typedef {object} Node
 * @property {string} tag
 * @property {string} text
 * @property {string | null} [anchor]
 * @property {string | null} [href]
 * @property {Node[]} children
 */

/** Elements that a text may become; anything else is shown as its words alone. */
const ELEMENTS = new Set(['p', 'h2', 'h3', 'ul', 'ol', 'li', 'em', 'strong', 'code', 'blockquote', 'table', 'thead', 'tbody', 'tr', 'br']);

/**
 * @param {Node[]} nodes
 * @param {(concept: string, anchor: string) => void} follow a link to a concept was pressed
 * @returns {(HTMLElement | Text)[]}
 */
export function richText(nodes, follow) {
  return nodes.map((node) => part(node, follow));
}

/** @param {Node} node @param {(concept: string, anchor: string) => void} follow @returns {HTMLElement | Text} */
function part({ tag, text, anchor, href, children }, follow) {
  const inner = richText(children, follow);
  if (tag === 'text') return document.createTextNode(text);
  if (tag === 'a') return link(href ?? null, inner, follow);
  if (tag === 'pre') return h('pre', { class: 'mono', tabindex: 0, role: 'region', 'aria-label': 'Example' }, h('code', { text }));
  if (tag === 'th') return h('th', { scope: 'col' }, ...inner);
  if (tag === 'td') return h('td', {}, ...inner);
  if (tag === 'table') return h('div', { class: 'text-table', tabindex: 0, role: 'region', 'aria-label': 'Table' }, h('table', {}, ...inner));
  if (!ELEMENTS.has(tag)) return h('span', {}, text, ...inner);
  return h(/** @type {'p'} */ (tag), { id: anchor ? `text-${anchor}` : null }, text, ...inner);
}

/** @param {string | null} href @param {(HTMLElement | Text)[]} inner @param {(concept: string, anchor: string) => void} follow */
function link(href, inner, follow) {
  const concept = /^\/docs\/([^/#]+)(?:#(.*))?$/.exec(href ?? '');
  if (href === null) return h('span', {}, ...inner);
  if (concept === null) return h('a', { href, rel: 'noreferrer', target: href.startsWith('#') ? null : '_blank' }, ...inner);
  const onClick = (/** @type {MouseEvent} */ event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    follow(decodeURIComponent(concept[1]), concept[2] ?? '');
  };
  return h('a', { href, on: { click: onClick } }, ...inner);
}

/** Bring a heading of a text into view. @param {HTMLElement} text @param {string} anchor */
export function scrollToAnchor(text, anchor) {
  const heading = anchor === '' ? null : text.querySelector(`#${CSS.escape(`text-${anchor}`)}`);
  if (heading !== null) heading.scrollIntoView({ block: 'start' });
  else text.scrollTop = 0;
}
