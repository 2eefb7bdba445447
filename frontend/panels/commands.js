// @ts-check
/** The verbs: pause, resume, step, checkpoint, fork, stop; and the run as a file. A button asks; the run's own events say what came of it. */

import { h } from '../lib/dom.js';
import { hasEnded } from '../lib/reduce.js';
import { confirmation } from './confirmation.js';
import { exportMenu } from './export_menu.js';
import { forkDialog } from './fork_dialog.js';

const STOP = {
  label: 'Stop this run?', words: 'It writes a checkpoint and ends. What was recorded stays; the run itself does not go on afterwards.',
  keep: 'Keep training', go: 'Stop the run', testid: 'stop-confirm',
};

/**
 * @param {import('../lib/store.js').Store} store
 * @param {{command: (name: string, params?: Record<string, unknown>) => Promise<void>, fork: Parameters<typeof forkDialog>[1]['fork']}} actions
 * @returns {{element: HTMLElement, dispose: () => void}}
 */
export function commands(store, actions) {
  const button = (/** @type {string} */ name, /** @type {string} */ text, /** @type {string} */ title) =>
    h('button', { type: 'button', text, title, testid: name, on: { click: () => actions.command(name) } });
  const step = (/** @type {string} */ testid, /** @type {string} */ text, /** @type {string} */ title, /** @type {Record<string, unknown>} */ params) =>
    h('button', { type: 'button', text, title, testid, on: { click: () => actions.command('step', params) } });
  const fork = forkDialog(store, actions);
  const files = exportMenu();
  const confirm = confirmation(STOP, () => actions.command('stop'));
  const all = {
    pause: button('pause', 'Pause', 'Hold the training after this step; the trainer keeps its slot'),
    resume: button('resume', 'Resume', 'Go on training'),
    step: step('step-once', 'Step', 'Train one step, then pause again', {}),
    stepD: step('step-d', 'D', 'Train D alone for one step: G stands still', { player: 'D' }),
    stepG: step('step-g', 'G', 'Train G alone for one step: D stands still', { player: 'G' }),
    park: button('park', 'Park', 'Write a checkpoint and free the slot; resume puts the run back in the queue'),
    checkpoint: button('checkpoint', 'Checkpoint', 'Write a checkpoint now'),
    fork: fork.button,
    stop: h('button', {
      type: 'button', text: 'Stop…', testid: 'stop', title: 'End this run', on: { click: () => confirm.ask() },
    }),
  };
  const element = h('div', { class: 'commands' }, ...Object.values(all), files.element, confirm.dialog, fork.dialog);

  const show = () => {
    const { id = '', status = '' } = store.state.open?.run ?? {};
    files.element.hidden = id === '';
    files.update(id);
    const isPaused = status === 'paused' || status === 'parked';
    const isTraining = status === 'running' || status === 'paused';
    all.pause.hidden = isPaused;
    all.resume.hidden = !isPaused;
    all.pause.disabled = status !== 'running';
    for (const each of [all.step, all.stepD, all.stepG]) each.disabled = status !== 'paused';
    all.stepD.hidden = all.stepG.hidden = !isPaused;
    all.checkpoint.disabled = all.park.disabled = !isTraining;
    all.park.hidden = status === 'parked';
    all.stop.disabled = hasEnded(status) || status === '';
    if (all.stop.disabled && confirm.dialog.open) confirm.dialog.close();
  };
  const stop = store.subscribe(['run'], show);
  show();
  return {
    element,
    dispose: () => {
      stop();
      fork.dispose();
    },
  };
}
