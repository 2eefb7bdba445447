// @ts-check
/** The five numbers that one looks for first. */

import { h, setText } from '../lib/dom.js';
import { duration, integer, number } from '../lib/format.js';
import { MODES, modesTotal } from '../lib/modes.js';

/** Series whose newest value is shown here. */
const LOSS_D = 'loss.d';
const LOSS_G = 'loss.g';
const SPEED = 'speed.steps_per_s';

/**
 * @param {import('../lib/store.js').Store} store
 * @returns {{element: HTMLElement, dispose: () => void}}
 */
export function vitals(store) {
  const cells = {
    step: vital('Step', 'step'),
    speed: vital('Speed', 'speed'),
    modes: vital('Modes', 'modes'),
    losses: vital('Loss D / G', 'loss'),
    left: vital('Time left', 'time-left'),
  };
  const element = h('dl', { class: 'vitals' }, ...Object.values(cells).map((cell) => cell.element));

  const show = () => {
    const { open, recording } = store.state;
    if (open === null) return;
    const { run, lastValues } = open;
    const speed = lastValues.get(SPEED);
    cells.step.set(integer(run.step), ` / ${integer(run.steps)}`);
    cells.speed.set(number(speed), speed === undefined ? '' : ' steps/s');
    cells.speed.rename(run.device ? `Speed on ${run.device}` : 'Speed');
    cells.modes.set(number(lastValues.get(MODES)), modesSuffix(open));
    cells.losses.set(`${number(lastValues.get(LOSS_D))} / ${number(lastValues.get(LOSS_G))}`, '');
    cells.left.set(recording === null ? timeLeft(run, speed) : '–', '');
  };
  const dispose = store.subscribe(['run', 'series', 'infos'], show);
  show();
  return { element, dispose };
}

/**
 * @param {import('../lib/types.js').Run} run
 * @param {number | undefined} speed steps a second
 * @returns {string}
 */
export function timeLeft(run, speed) {
  if (run.step >= run.steps) return 'none';
  if (run.status !== 'running' || speed === undefined || !(speed > 0)) return '–';
  return duration((run.steps - run.step) / speed);
}

/** @param {import('../lib/store.js').RunState} open */
function modesSuffix(open) {
  const total = modesTotal(open.run, open.infos.get(MODES)?.unit);
  return total === null ? '' : ` of ${total}`;
}

/** @param {string} label @param {string} testid */
function vital(label, testid) {
  const main = h('span', { class: 'main', text: '–', testid });
  const rest = h('span', { class: 'rest' });
  const title = h('dt', { text: label });
  return {
    element: h('div', { class: `vital vital-${testid}` }, title, h('dd', {}, main, rest)),
    rename: (/** @type {string} */ text) => setText(title, text),
    set: (/** @type {string} */ value, /** @type {string} */ suffix) => {
      setText(main, value);
      setText(rest, suffix);
    },
  };
}
