// @ts-check
/**
 * What lies over a chart and is ours, not Plotly's: the marks of knob changes and of alarms, the cursor, the labels at the lines'
 * ends, and what could not be drawn. It is moved by style alone, so that a mark never costs a redraw.
 */

import { h, setAttribute, setText } from '../lib/dom.js';
import { fraction, spread } from '../lib/ranges.js';

const LABEL_HEIGHT = 15;

export function overlay() {
  const area = h('div', { class: 'marks', 'aria-hidden': 'true' });
  const cursor = h('div', { class: 'cursor', hidden: true });
  const labels = h('div', { class: 'ends', 'aria-hidden': 'true' });
  const notes = h('p', { class: 'notes', testid: 'notes' });
  /** @type {Map<string, HTMLElement>} */
  const drawn = new Map();

  return {
    elements: [area, labels, notes],
    /**
     * @param {{margin: {l: number, r: number, t: number, b: number}, marks: import('../lib/marks.js').Mark[], cursor: number | null,
     *   xRange: [number, number], height: number, notes: string[],
     *   ends: {label: string, y: number, role: string}[]}} what
     */
    update({ margin, marks, cursor: step, xRange, height, notes: said, ends }) {
      inset(area, margin);
      if (cursor.parentElement === null) area.append(cursor);
      const seen = new Set();
      for (const { key, step: at, text, isAlarm } of marks) {
        const where = fraction(at, xRange);
        if (where === null) continue;
        seen.add(key);
        const mark = drawn.get(key) ?? h('div', { class: isAlarm ? 'mark alarmed' : 'mark', testid: isAlarm ? 'alarm-mark' : 'mark', data: { step: String(at) } }, h('i'));
        if (!drawn.has(key)) area.append(mark);
        drawn.set(key, mark);
        setAttribute(mark, 'title', text);
        mark.style.left = percent(where);
      }
      for (const [key, mark] of drawn) {
        if (seen.has(key)) continue;
        mark.remove();
        drawn.delete(key);
      }
      const at = step === null ? null : fraction(step, xRange);
      cursor.hidden = at === null;
      if (at !== null) cursor.style.left = percent(at);
      drawEnds(labels, margin, ends, height);
      setText(notes, said.join(' · '));
      setAttribute(notes, 'title', said.join('\n'));
      notes.style.left = `${margin.l + 4}px`;
      notes.style.right = `${margin.r + 4}px`;
    },
  };
}

/** @param {HTMLElement} element @param {{l: number, r: number, t: number, b: number}} margin */
function inset(element, { l, r, t, b }) {
  element.style.inset = `${t}px ${r}px ${b}px ${l}px`;
}

/**
 * @param {HTMLElement} holder
 * @param {{l: number, r: number, t: number, b: number}} margin
 * @param {{label: string, y: number, role: string}[]} ends
 * @param {number} height
 */
function drawEnds(holder, margin, ends, height) {
  holder.style.width = `${margin.r}px`;
  const rows = spread(ends.map(({ y }) => y), LABEL_HEIGHT, margin.t + 4, height - margin.b - 4);
  const key = ends.map(({ label, role }) => `${role} ${label}`).join('|');
  if (holder.dataset.key !== key) {
    holder.dataset.key = key;
    holder.replaceChildren(...ends.map(({ label, role }) => h('span', {}, h('i', { class: `dot-${role}` }), label)));
  }
  rows.forEach((top, index) => {
    /** @type {HTMLElement} */ (holder.children[index]).style.transform = `translateY(${top - LABEL_HEIGHT / 2}px)`;
  });
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(3)}%`;
}
