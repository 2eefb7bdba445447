// @ts-check
/** The spec as text that can be edited: lines are numbered, and each fault stands at its line. */

import { h, setAttribute, setText } from '../lib/dom.js';

/** "Copied" is shown for so long. */
const SAID_MS = 2000;

/**
 * @param {(text: string) => void} onType
 */
export function specText(onType) {
  const numbers = h('div', { class: 'yaml-numbers', 'aria-hidden': 'true' });
  const area = h('textarea', { class: 'mono yaml-area', id: 'spec-yaml', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', wrap: 'off', rows: 24, 'aria-label': 'The spec as YAML', 'aria-describedby': 'spec-yaml-faults', testid: 'launch-yaml' });
  const faults = h('ul', { class: 'yaml-faults', id: 'spec-yaml-faults', 'aria-live': 'polite', testid: 'yaml-faults' });
  const copy = h('button', { type: 'button', class: 'small', text: 'Copy', testid: 'yaml-copy' });
  const state = h('span', { class: 'meta', testid: 'yaml-state' });
  const element = h('section', { class: 'panel yaml', 'aria-label': 'Spec as YAML' },
    h('div', { class: 'group-head' }, h('h2', { text: 'Spec' }), state, h('span', { class: 'spring' }), copy),
    h('div', { class: 'yaml-box' }, numbers, area), faults,
    h('p', { class: 'help meta', text: 'Edit it, or paste a recipe’s file or a run’s export. The form follows.' }));
  /** What was last set by us; what differs from it somebody has typed. */
  let ours = '';
  /** @type {Set<number>} */
  let marked = new Set();

  const number = () => {
    const n = area.value.split('\n').length;
    if (numbers.childElementCount === n) {
      [...numbers.children].forEach((line, index) => setAttribute(line, 'class', marked.has(index + 1) ? 'bad-line' : null));
    } else {
      numbers.replaceChildren(...Array.from({ length: n }, (_, index) => h('span', { class: marked.has(index + 1) ? 'bad-line' : '', text: String(index + 1) })));
    }
    numbers.scrollTop = area.scrollTop;
  };
  area.addEventListener('scroll', () => (numbers.scrollTop = area.scrollTop));
  area.addEventListener('input', () => {
    number();
    onType(area.value);
  });
  copy.addEventListener('click', async () => {
    await copied(area);
    setText(copy, 'Copied');
    window.setTimeout(() => setText(copy, 'Copy'), SAID_MS);
  });

  return {
    element,
    /** Whether somebody has typed here since the form last set the text. */
    isTyped: () => area.value !== ours,
    /** Text that the form stands for; typing that goes on is left alone. @param {string} text */
    set(text) {
      const isBusy = document.activeElement === area && area.value !== ours;
      if (isBusy) return;
      if (area.value !== text) {
        const [start, end, top] = [area.selectionStart, area.selectionEnd, area.scrollTop];
        area.value = text;
        area.setSelectionRange(start, end);
        area.scrollTop = top;
      }
      ours = text;
      number();
    },
    /** The form has taken the text: it is ours now, as it stands. */
    taken: () => (ours = area.value),
    /** @param {import('../lib/types.js').TextProblem[]} problems @param {string} words */
    mark(problems, words) {
      marked = new Set(problems.map(({ line }) => line ?? 0));
      setText(state, words);
      setAttribute(area, 'aria-invalid', problems.length > 0 ? 'true' : null);
      faults.replaceChildren(...problems.map((problem) => fault(problem, area)));
      number();
    },
    focus: () => area.focus(),
  };
}

/** One fault; where it has a line, a way there. @param {import('../lib/types.js').TextProblem} problem @param {HTMLTextAreaElement} area */
function fault({ where, message, line = null }, area) {
  const text = where === 'yaml' ? message : `${where}: ${message}`;
  if (line === null) return h('li', {}, text);
  const go = h('button', { type: 'button', class: 'small', text: `Line ${line}`, on: { click: () => toLine(area, line) } });
  return h('li', {}, go, h('span', { text }));
}

/** @param {HTMLTextAreaElement} area @param {number} line */
function toLine(area, line) {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? '').length);
  area.scrollTop = ((line - 4) / lines.length) * area.scrollHeight;
}

/** Copies the whole text, also where the page has no clipboard since it came over plain HTTP. @param {HTMLTextAreaElement} area */
async function copied(area) {
  try {
    await navigator.clipboard.writeText(area.value);
  } catch {
    area.select();
    document.execCommand('copy');
  }
}
