// @ts-check
/** What each guard found over the whole run: a lane a guard, with those that found nothing, and those that do not watch. */

import { h, icon, setAttribute } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { pin } from '../lib/playback.js';
import { keyedRows } from '../lib/rows.js';

/** @typedef {{guard: string, lane: number, lanes: number, from: number, to: number | null, text: string}} AlarmSpan */

/** @typedef {{id: string, spans: {from: number, to: number | null, message: string}[], state: {word: string, shape: Parameters<typeof icon>[0], tone: string, reason: string}}} GuardLane */

/** Every alarm of the run, with the lane of its guard among those that ever raised one. @param {import('../lib/store.js').RunState} open @returns {AlarmSpan[]} */
export function alarmSpans({ alarms }) {
  return [...alarms.values()].flatMap(({ guard, spans }, lane) => spans.map((span) => ({
    guard, lane, lanes: alarms.size, from: span.from, to: span.to, text: spanWords(guard, span),
  })));
}

/** @param {string} guard @param {{from: number, to: number | null, message: string}} span */
function spanWords(guard, { from, to, message }) {
  return `${guard}, step ${integer(from)} to ${to === null ? 'now' : integer(to)}: ${message}`;
}

/** @param {import('../lib/store.js').Store} store */
export function guardLanes(store) {
  const isOpen = () => store.state.view.choice.lanes === 'on';
  const flip = () => store.change(['view'], ({ view: { choice } }) => {
    if (isOpen()) delete choice.lanes;
    else choice.lanes = 'on';
  });
  const toggle = h('button', { type: 'button', class: 'plain rail-toggle', text: 'Alarms', title: 'A lane for each guard', testid: 'guard-lanes-toggle', on: { click: flip } });
  const element = h('ul', { class: 'guard-lanes', 'aria-label': 'Guards', testid: 'guard-lanes', hidden: true });
  /** @type {(step: number) => string} */
  let place = () => '0';
  const showLanes = keyedRows(element, (/** @type {GuardLane} */ { id }) => laneOf(store, id, (step) => place(step)));

  const show = () => {
    const { open } = store.state;
    element.hidden = !isOpen() || open === null;
    setAttribute(toggle, 'aria-expanded', String(isOpen()));
    if (!element.hidden && open !== null) showLanes(lanesOf(open));
  };
  return {
    toggle,
    element,
    /** @param {(step: number) => string} places a step → its place on the rail */
    show(places) {
      place = places;
      show();
    },
  };
}

/** Guards of the spec, and whoever else raised an alarm. @param {import('../lib/store.js').RunState} open @returns {GuardLane[]} */
export function lanesOf({ run, alarms, guards }) {
  const named = /** @type {any[]} */ (run.spec.guards ?? []).map((guard) => guard.as ?? guard.name);
  return [...new Set([...named, ...alarms.keys()])].map((id) => {
    const alarm = alarms.get(id);
    return { id, spans: alarm?.spans ?? [], state: stateOf(alarm, guards.get(id)) };
  });
}

/**
 * @param {import('../lib/types.js').Alarm | undefined} alarm
 * @param {{state: string, reason: string} | undefined} said
 * @returns {GuardLane['state']}
 */
function stateOf(alarm, said) {
  if (said?.state === 'off') return { word: 'off', shape: 'cross', tone: 'bad', reason: said.reason };
  if (alarm !== undefined && alarm.cleared === null) return { word: 'raised', shape: 'triangle', tone: 'bad', reason: alarm.message };
  if (said?.state === 'idle') return { word: 'not watching', shape: 'square', tone: 'soft', reason: said.reason };
  if (said?.state === 'calibrating') return { word: 'calibrating', shape: 'half', tone: 'soft', reason: 'no verdict yet' };
  if (said === undefined && alarm === undefined) return { word: 'not heard yet', shape: 'square', tone: 'soft', reason: '' };
  return { word: alarm === undefined ? 'quiet' : 'cleared', shape: 'ring', tone: 'soft', reason: alarm?.message ?? '' };
}

/**
 * @param {import('../lib/store.js').Store} store
 * @param {string} name
 * @param {(step: number) => string} place
 */
function laneOf(store, name, place) {
  const track = h('div', { class: 'guard-track' });
  const state = h('span', { class: 'guard-state meta' });
  const element = h('li', { class: 'guard-lane', testid: `guard-lane-${name}` }, h('span', { class: 'guard-name', text: name, title: name }), track, state);
  const showSpans = keyedRows(track, (/** @type {{id: string, from: number, to: number | null, message: string}} */ { from }) => {
    const bar = h('button', { type: 'button', class: 'span', on: { click: () => pin(store, from) } });
    return {
      element: bar,
      update: (span) => {
        const { to } = span;
        const now = store.state.open?.run.step ?? from;
        bar.style.left = place(from);
        bar.style.width = place((to ?? now) - from);
        bar.classList.toggle('past', to !== null);
        const words = spanWords(name, span);
        setAttribute(bar, 'title', words);
        setAttribute(bar, 'aria-label', words);
      },
    };
  });
  return {
    element,
    /** @param {GuardLane} lane */
    update({ spans, state: { word, shape, tone, reason } }) {
      showSpans(spans.map((span) => ({ id: String(span.from), ...span })));
      if (state.dataset.word !== word) state.replaceChildren(icon(shape, tone), h('span', { text: word }));
      state.dataset.word = word;
      setAttribute(state, 'title', reason);
    },
  };
}
