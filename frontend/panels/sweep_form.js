// @ts-check
/** In the launch form: what to sweep over. Nothing here, and it is one run. */

import { countRuns, parseAxis, parseSeeds } from '../lib/axes.js';
import { h, setText } from '../lib/dom.js';

/**
 * @param {() => string[]} places what a sweep may be over
 * @param {() => void} onChange
 */
export function sweepForm(places, onChange) {
  const rows = h('ul', { class: 'sweep-rows' });
  const seeds = h('input', { type: 'text', id: 'sweep-seeds', inputmode: 'numeric', placeholder: 'one seed: that of the spec', autocomplete: 'off', testid: 'sweep-seeds', on: { input: onChange } });
  const add = h('button', { type: 'button', class: 'small', text: 'Add an axis', testid: 'sweep-add-axis', on: { click: () => addRow() } });
  const element = h('details', { class: 'more sweep-form', testid: 'sweep-form' }, h('summary', { text: 'Sweep over several values' }),
    h('p', { class: 'help meta', text: 'A run for each combination, compared as a matrix. Values: 0.3, 0.5, 0.7 or log:0.01:10:4 (from, to, how many) or linear:0:1:5.' }),
    rows, add, h('div', { class: 'field' }, h('label', { for: 'sweep-seeds', text: 'Seeds' }), seeds));

  const addRow = () => {
    const choice = h('select', { 'aria-label': 'Axis', testid: 'sweep-axis', on: { change: onChange } }, ...options(places()));
    const values = h('input', { type: 'text', 'aria-label': 'Values', placeholder: '0.3, 0.5, 0.7', autocomplete: 'off', spellcheck: 'false', testid: 'sweep-values', on: { input: onChange } });
    const remove = h('button', { type: 'button', class: 'small', text: 'Remove', 'aria-label': 'Remove this axis' });
    const row = h('li', { class: 'row' }, choice, values, remove);
    remove.addEventListener('click', () => {
      row.remove();
      onChange();
    });
    rows.append(row);
    choice.focus();
    onChange();
  };

  return {
    element,
    /** Another spec has other places; a row keeps its own as long as there is one. */
    update() {
      for (const choice of rows.querySelectorAll('select')) {
        const before = choice.value;
        choice.replaceChildren(...options(places()));
        choice.value = before;
      }
    },
    read: () => read(rows, seeds.value),
  };
}

/**
 * What the form asks for; `n` is null where it asks for no sweep.
 * @param {HTMLElement} rows
 * @param {string} seedsText
 * @returns {{axes: Record<string, import('../lib/axes.js').Axis>, seeds: number[], n: number | null, problem: string}}
 */
function read(rows, seedsText) {
  /** @type {Record<string, import('../lib/axes.js').Axis>} */
  const axes = {};
  const problems = [];
  for (const row of rows.children) {
    const [choice, input] = [row.querySelector('select'), row.querySelector('input')];
    if (choice === null || input === null) continue;
    const found = parseAxis(input.value);
    if (choice.value === '') problems.push('An axis needs something to vary.');
    else if (choice.value in axes) problems.push(`${choice.value} is there twice; write its values into one row.`);
    else if ('problem' in found) problems.push(`${choice.value}: ${found.problem}`);
    else axes[choice.value] = found.axis;
  }
  const given = parseSeeds(seedsText);
  if ('problem' in given) problems.push(given.problem);
  const seeds = 'seeds' in given ? given.seeds : [];
  const isSweep = rows.childElementCount > 0 || seedsText.trim() !== '';
  return { axes, seeds, n: isSweep ? countRuns(axes, seeds) : null, problem: problems.join(' ') };
}

/** @param {string[]} names */
function options(names) {
  return ['', ...names].map((name) => h('option', { value: name, text: name === '' ? 'choose …' : name }));
}
