// @ts-check
/** The whole run on one line: alarms, changes, checkpoints and steps; a press on it pins the cursor. */

import { PANELS } from '../lib/concepts.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { pin as pinned, playback } from '../lib/playback.js';
import { hasEnded } from '../lib/reduce.js';
import { changeMarks } from '../lib/marks.js';
import { alarmSpans, guardLanes } from './guard_lanes.js';
import { whatIs } from './what.js';

const LANES = /** @type {const} */ (['Alarms', 'Changes', 'Checkpoints', 'Steps']);
/** A press of an arrow key moves the cursor by this share of the run. */
const KEY_SHARE = 0.01;

/** @param {import('../lib/store.js').Store} store */
export function rail(store) {
  const lanes = Object.fromEntries(LANES.map((name) => [name, h('div', { class: `lane lane-${name.toLowerCase()}` })]));
  const cursor = h('div', { class: 'rail-cursor', hidden: true });
  const track = h('div', {
    class: 'rail-track', role: 'slider', tabindex: 0, 'aria-label': 'Cursor', 'aria-valuemin': 0, testid: 'rail',
  }, ...Object.values(lanes), cursor);
  const words = h('span', { class: 'rail-words' });
  const follow = h('button', { type: 'button', class: 'small', text: 'Live', title: 'Follow the run live (L)', testid: 'follow-live' });
  const play = h('button', { type: 'button', class: 'small', text: 'Play', testid: 'play', title: 'Show the run as a film of 20 seconds, from the cursor on (F)' });
  const whole = h('button', { type: 'button', class: 'small', text: 'All', title: 'Show all steps again (Esc)', testid: 'all-steps', on: { click: () => store.change(['view'], ({ view }) => (view.range = null)) } });
  const guards = guardLanes(store);
  const element = h('footer', { class: 'rail-frame', 'aria-label': 'Time rail' }, guards.element, h('div', { class: 'rail' },
    h('div', { class: 'rail-labels' }, guards.toggle, ...LANES.slice(1).map((name) => h('span', { text: name, 'aria-hidden': 'true' }))), track,
    h('div', { class: 'rail-read' }, words, h('div', { class: 'rail-buttons' }, play, follow, whole, whatIs('Time rail', PANELS.rail).button))));

  const pin = (/** @type {number | null} */ step) => pinned(store, step);
  const total = () => Math.max(1, store.state.open?.run.steps ?? 1, store.state.open?.run.step ?? 1);
  const atPointer = (/** @type {PointerEvent} */ event) => {
    const { left, width } = track.getBoundingClientRect();
    pin(Math.min(1, Math.max(0, (event.clientX - left) / width)) * total());
  };
  track.addEventListener('pointerdown', (event) => {
    track.setPointerCapture(event.pointerId);
    atPointer(event);
  });
  track.addEventListener('pointermove', (event) => {
    if (track.hasPointerCapture(event.pointerId)) atPointer(event);
  });
  track.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (by === undefined && event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    const now = store.state.view.cursor ?? store.state.open?.run.step ?? 0;
    if (event.key === 'Home') pin(0);
    else if (event.key === 'End') pin(null);
    else pin(now + (by ?? 0) * KEY_SHARE * total());
  });
  follow.addEventListener('click', () => pin(null));
  const film = playback(store, (isPlaying) => setText(play, isPlaying ? 'Hold' : 'Play'));
  play.addEventListener('click', film.toggle);

  const show = () => {
    const { open, view, recording } = store.state;
    if (open === null) return;
    const isLive = recording === null && !hasEnded(open.run.status);
    const place = (/** @type {number} */ step) => `${((step / total()) * 100).toFixed(3)}%`;
    fill(lanes.Changes, changeMarks(open).map(({ step, text }) => ({ left: place(step), text })), 'change');
    fill(lanes.Checkpoints, [...open.checkpoints.values()].map(({ step, reason }) => ({ left: place(step), text: `checkpoint at step ${integer(step)} (${reason})` })), 'checkpoint');
    const stacked = alarmSpans(open);
    fill(lanes.Alarms, stacked.map(({ from, to, text }) => ({ left: place(from), text, width: place((to ?? open.run.step) - from) })), 'span');
    stacked.forEach(({ lane, lanes: count, to }, index) => stack(/** @type {HTMLElement} */ (lanes.Alarms.children[index]), lane, count, to === null));
    guards.show(place);
    fill(lanes.Steps, [{ left: '0', text: `step ${integer(open.run.step)}`, width: place(open.run.step) }], 'span');
    cursor.hidden = view.cursor === null;
    if (view.cursor !== null) cursor.style.left = place(view.cursor);
    setAttribute(track, 'aria-valuemax', String(total()));
    setAttribute(track, 'aria-valuenow', String(view.cursor ?? open.run.step));
    setAttribute(track, 'aria-valuetext', view.cursor === null ? `${isLive ? 'live' : 'the last'}, step ${open.run.step}` : `step ${view.cursor}`);
    setText(words, view.cursor === null ? (isLive ? 'Following live' : 'At the last step') : `Cursor ${integer(view.cursor)}`);
    setText(follow, isLive ? 'Live' : 'End');
    follow.hidden = view.cursor === null;
    whole.hidden = view.range === null;
  };
  const stop = store.subscribe(['run', 'ledger', 'checkpoints', 'alarms', 'view'], show);
  show();
  return {
    element,
    film,
    dispose: () => {
      stop();
      film.stop();
    },
  };
}

/**
 * As many marks in a lane as are wanted; those that are there are moved.
 * @param {HTMLElement} lane
 * @param {{left: string, text: string, width?: string}[]} marks
 * @param {string} kind
 */
function fill(lane, marks, kind) {
  while (lane.childElementCount > marks.length) lane.lastElementChild?.remove();
  while (lane.childElementCount < marks.length) lane.append(h('i', { class: kind, testid: `rail-${kind}` }));
  marks.forEach(({ left, text, width = '' }, index) => {
    const mark = /** @type {HTMLElement} */ (lane.children[index]);
    mark.style.left = left;
    mark.style.width = width;
    setAttribute(mark, 'title', text);
  });
}

/**
 * Guards share the lane's height, each a row of its own.
 * @param {HTMLElement} mark
 * @param {number} lane
 * @param {number} lanes
 * @param {boolean} isRaised
 */
function stack(mark, lane, lanes, isRaised) {
  mark.style.top = `${(lane / lanes) * 100}%`;
  mark.style.bottom = `${(1 - (lane + 1) / lanes) * 100}%`;
  mark.classList.toggle('past', !isRaised);
}
