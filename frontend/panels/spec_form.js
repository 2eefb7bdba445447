// @ts-check
/** The form of a spec: a component a family, their params, and lists of regularisers, monitors, guards and rules. */

import { h } from '../lib/dom.js';
import { find, SINGLE } from '../lib/entries.js';
import { choices, defaults } from '../lib/legal.js';
import { fieldsOf } from '../lib/schema.js';
import { GAME_SCHEMA, RUN_SCHEMA, suiting, WATCHING_SCHEMA } from '../lib/spec.js';
import { fieldGrid } from './fields.js';

const TITLES = /** @type {Record<string, string>} */ ({
  dataset: 'Dataset', network: 'Networks', conditioning: 'Conditioning', loss: 'Loss', averaging: 'Averaging',
  regularisers: 'Regularisers', monitors: 'Monitors', guards: 'Guards', rules: 'Rules',
});

/**
 * @typedef {import('../lib/types.js').Catalogue} Catalogue
 * @typedef {Record<string, any>} Spec
 *
 * @typedef {object} FormActions
 * @property {(where: string, value: any) => void} set a param; nothing else of the form changes
 * @property {(where: string, problem: string | null) => void} fail
 * @property {(change: (spec: Spec) => void) => void} rebuild other components: the form is built anew
 */

/**
 * @param {Catalogue} catalogue
 * @param {Spec} spec with every default filled in
 * @param {FormActions} actions
 * @returns {HTMLElement[]}
 */
export function specForm(catalogue, spec, actions) {
  const attributes = Object.keys(find(catalogue, 'datasets', spec.dataset.name)?.attributes ?? {});
  const part = (/** @type {keyof typeof SINGLE} */ name) => singleGroup(catalogue, spec, name, attributes, actions);
  const list = (/** @type {string} */ family) => listGroup(catalogue, spec, family, attributes, actions);
  const has = (/** @type {string} */ family) => catalogue.components.some((component) => component.family === family);
  return [
    group('Run', 'run', null, [fieldGrid('', fieldsOf(RUN_SCHEMA), spec, [], actions)]),
    part('dataset'), part('network'), part('conditioning'), part('loss'), list('regularisers'),
    optimisers(catalogue, spec, actions),
    group('Game', 'game', null, [fieldGrid('game', fieldsOf(GAME_SCHEMA), spec.game, [], actions)]),
    part('averaging'),
    group('Watching', 'watching', null, [fieldGrid('watching', fieldsOf(WATCHING_SCHEMA), spec.watching, [], actions)]),
    list('monitors'), ...(has('guards') ? [list('guards')] : []), ...(has('rules') ? [list('rules')] : []),
  ];
}

/** @param {string} title @param {string} where @param {HTMLElement | null} control @param {(HTMLElement | null)[]} content */
function group(title, where, control, content) {
  return h('section', { class: 'panel group', 'aria-label': title, testid: `group-${where}` },
    h('div', { class: 'group-head' }, h('h2', { text: title }), control), ...content,
    h('p', { class: 'problem', data: { problem: where } }));
}

/** @param {Catalogue} catalogue @param {Spec} spec @param {keyof typeof SINGLE} part @param {string[]} attributes @param {FormActions} actions */
function singleGroup(catalogue, spec, part, attributes, actions) {
  const family = SINGLE[part];
  const component = find(catalogue, family, spec[part].name);
  const select = componentSelect(catalogue, family, spec, spec[part].name, `choose-${part}`, (name) => {
    const next = find(catalogue, family, name);
    if (next !== undefined) actions.rebuild((draft) => (draft[part] = { name, ...defaults(next) }));
  });
  select.setAttribute('aria-label', TITLES[part]);
  return group(TITLES[part], part, select, [
    component === undefined ? null : h('p', { class: 'summary', text: component.summary, title: component.doc }),
    component === undefined ? null : fieldGrid(part, fieldsOf(component.params), spec[part], attributes, actions),
  ]);
}

/**
 * Every member of a family; those that do not fit this spec cannot be chosen, and say why.
 * @param {Catalogue} catalogue
 * @param {string} family
 * @param {Spec} spec
 * @param {string | null} current
 * @param {string} testid
 * @param {(name: string) => void} onChoose
 */
function componentSelect(catalogue, family, spec, current, testid, onChoose) {
  const all = choices(catalogue, family, spec);
  const options = all.map(({ component: { name, title }, reason }) =>
    h('option', { value: name, text: reason === null || name === current ? title : `${title} — ${reason}`, disabled: reason !== null && name !== current, selected: name === current }));
  const lead = current === null ? [h('option', { value: '', text: 'Add …', selected: true })] : [];
  const select = h('select', { testid, id: testid }, ...lead, ...options);
  select.addEventListener('change', () => onChoose(select.value));
  return select;
}

/** @param {Catalogue} catalogue @param {Spec} spec @param {FormActions} actions */
function optimisers(catalogue, spec, actions) {
  const players = Object.keys(spec.optimisers).sort().reverse();
  return group('Optimisers', 'optimisers', null, players.map((player) => {
    const where = `optimisers.${player}`;
    const component = find(catalogue, 'optimisers', spec.optimisers[player].name);
    const select = componentSelect(catalogue, 'optimisers', spec, spec.optimisers[player].name, `choose-${where}`, (name) => {
      const next = find(catalogue, 'optimisers', name);
      if (next !== undefined) actions.rebuild((draft) => (draft.optimisers[player] = { name, ...defaults(next) }));
    });
    select.setAttribute('aria-label', `Optimiser of ${player}`);
    return h('div', { class: 'member' }, h('div', { class: 'member-head' }, h('h3', { text: player === 'G' ? 'G, the generator' : 'D, the discriminator' }), select),
      component === undefined ? null : fieldGrid(where, fieldsOf(component.params), spec.optimisers[player], [], actions),
      h('p', { class: 'problem', data: { problem: where } }));
  }));
}

/** @param {Catalogue} catalogue @param {Spec} spec @param {string} family @param {string[]} attributes @param {FormActions} actions */
function listGroup(catalogue, spec, family, attributes, actions) {
  const isAutomatic = spec[family] === null;
  const members = isAutomatic ? suiting(/** @type {'monitors' | 'guards'} */ (family), spec, catalogue) : spec[family];
  const add = componentSelect(catalogue, family, spec, null, `add-${family}`, (name) => {
    const next = find(catalogue, family, name);
    if (next !== undefined) actions.rebuild((draft) => (draft[family] = [...members, alone({ name, ...defaults(next) }, members)]));
  });
  add.setAttribute('aria-label', `Add to ${family}`);
  if (isAutomatic) {
    const choose = h('button', { type: 'button', class: 'small', text: 'Choose myself', testid: `choose-${family}`, on: { click: () => actions.rebuild((draft) => (draft[family] = members)) } });
    const names = members.map((/** @type {any} */ { name }) => find(catalogue, family, name)?.title ?? name).join(', ');
    return group(TITLES[family], family, choose, [h('p', { class: 'summary', text: names === '' ? 'All that suit the dataset; none does.' : `All that suit the dataset: ${names}.` })]);
  }
  const rows = members.map((/** @type {any} */ given, /** @type {number} */ index) => member(catalogue, spec, family, given, index, attributes, actions));
  return group(TITLES[family], family, add, rows.length === 0 ? [h('p', { class: 'summary', text: 'None.' })] : rows);
}

/** @param {Catalogue} catalogue @param {Spec} spec @param {string} family @param {Record<string, any>} given @param {number} index @param {string[]} attributes @param {FormActions} actions */
function member(catalogue, spec, family, given, index, attributes, actions) {
  const where = `${family}.${index}`;
  const component = find(catalogue, family, given.name);
  const remove = h('button', {
    type: 'button', class: 'small', text: 'Remove', 'aria-label': `Remove ${given.as ?? given.name}`,
    on: { click: () => actions.rebuild((draft) => draft[family].splice(index, 1)) },
  });
  const title = `${component?.title ?? given.name}${given.as ? ` (as ${given.as})` : ''}`;
  return h('div', { class: 'member', testid: `member-${where}` },
    h('div', { class: 'member-head' }, h('h3', { text: title, title: component?.doc ?? '' }), remove),
    component === undefined ? null : fieldGrid(where, fieldsOf(component.params), spec[family][index], attributes, actions),
    h('p', { class: 'problem', data: { problem: where } }));
}

/** A component used twice gets a name of its own. @param {Record<string, any>} given @param {Record<string, any>[]} others */
function alone(given, others) {
  const taken = new Set(others.map((other) => other.as ?? other.name));
  if (!taken.has(given.name)) return given;
  let number = 2;
  while (taken.has(`${given.name}_${number}`)) number += 1;
  return { ...given, as: `${given.name}_${number}` };
}
