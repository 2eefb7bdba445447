// @ts-check
/** The quiet button in a header that asks what is shown there; whoever has the drawer hears of it. */

import { h, setAttribute } from '../lib/dom.js';

/** The name of the event by which a drawer is asked to open; its detail is a `Question`. */
export const ASKED = 'modescope:what';

/** @typedef {{concept: string, title: string}} Question */

/**
 * @param {string} title of what is asked about
 * @param {string} concept
 */
export function whatIs(title, concept) {
  const ask = () => button.dispatchEvent(new CustomEvent(ASKED, { bubbles: true, detail: { title: button.dataset.title, concept: button.dataset.concept } }));
  const button = h('button', { type: 'button', class: 'plain small what', text: '?', on: { click: ask } });
  /** @param {string} about @param {string} name */
  const set = (about, name) => {
    button.dataset.title = about;
    button.dataset.concept = name;
    setAttribute(button, 'data-testid', `what-${about.toLowerCase().replaceAll(/\W+/g, '-')}`);
    setAttribute(button, 'aria-label', `What is this: ${about}`);
    setAttribute(button, 'title', `What is this: ${about}`);
  };
  set(title, concept);
  return { button, set };
}
