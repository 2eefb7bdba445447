// @ts-check
/** A run's line across the axes of a sweep: a link that shows which run it is when it is pointed at or reached by key. */

import { setAttribute } from '../lib/dom.js';
import { svg } from '../lib/svg.js';

/**
 * @param {{id: string}} run
 * @param {{light: (id: string | null) => void, neighbour: (id: string, by: number) => void, open: (address: string) => void}} actions
 */
export function strand({ id }, { light, neighbour, open }) {
  const address = `/runs/${encodeURIComponent(id)}`;
  const reach = svg('path', { class: 'strand-reach' });
  const line = svg('path', { class: 'strand-line' });
  const dots = svg('g');
  const element = svg('a', { href: address, class: 'strand', 'data-testid': `strand-${id}` }, reach, line, dots);
  element.addEventListener('pointerenter', () => light(id));
  element.addEventListener('pointerleave', () => light(null));
  element.addEventListener('focus', () => light(id));
  element.addEventListener('blur', () => light(null));
  element.addEventListener('click', (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(address);
  });
  element.addEventListener('keydown', (event) => {
    const by = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 })[event.key];
    if (by === undefined) return;
    event.preventDefault();
    neighbour(id, by);
  });
  return {
    id,
    element,
    focus: () => element.focus(),
    /** @param {{words: string, spots: {x: number, y: number}[], isKept: boolean, isFirst: boolean, stroke: string, dash: string}} what */
    update({ words, spots, isKept, isFirst, stroke, dash }) {
      const d = spots.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
      for (const path of [reach, line]) setAttribute(path, 'd', d);
      setAttribute(line, 'stroke', stroke);
      setAttribute(line, 'stroke-dasharray', dash === '' ? null : dash);
      setAttribute(element, 'aria-label', words);
      element.classList.toggle('left-out', !isKept);
      // One stop of the Tab key for all lines; the arrows go on from there.
      setAttribute(element, 'tabindex', isKept && (isFirst || document.activeElement === element) ? '0' : '-1');
      if (dots.dataset.d !== d) dots.replaceChildren(...spots.map(({ x, y }) => svg('circle', { cx: x.toFixed(1), cy: y.toFixed(1), r: 2.5 })));
      dots.dataset.d = d;
      setAttribute(dots, 'fill', stroke);
    },
  };
}
