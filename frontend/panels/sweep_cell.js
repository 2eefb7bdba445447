// @ts-check
/** One run in the matrix of a sweep: its last samples, how far it is, and its last measurements. */

import { h, setAttribute, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { facts } from '../lib/sweep.js';
import { lastPicture } from './last_picture.js';
import { statusBadge } from './status.js';

/**
 * @typedef {import('../lib/types.js').SweepRun} SweepRun
 *
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {SweepRun} run
 */
export function sweepCell(painter, { id, name }) {
  const address = `/runs/${encodeURIComponent(id)}`;
  const shown = lastPicture(painter, id);
  const stage = h('a', { class: 'cell-stage', href: address, 'aria-label': `${name}: open the run` }, ...shown.elements);
  shown.on(stage);
  const state = h('span', {});
  const steps = h('a', { class: 'cell-steps', href: address });
  const bar = h('progress', { max: 1, value: 0 });
  const list = h('dl', { class: 'cell-facts' });
  const element = h('div', { class: 'sweep-cell', testid: `cell-${id}` }, stage, h('div', { class: 'cell-head' }, state, steps), bar, list);

  return {
    element,
    /** @param {SweepRun} run */
    update(run) {
      if (state.dataset.status !== run.status) state.replaceChildren(statusBadge(run.status, 'status'));
      state.dataset.status = run.status;
      setAttribute(state, 'title', run.reason ?? null);
      setText(steps, `${integer(run.step)} / ${integer(run.steps)}`);
      bar.value = run.steps > 0 ? run.step / run.steps : 0;
      setAttribute(bar, 'aria-label', `${run.step} of ${run.steps} steps`);
      fillFacts(list, run);
      shown.update(run.picture ?? null, waits(run));
    },
    redraw: shown.redraw,
    dispose: shown.dispose,
  };
}

/** @param {HTMLElement} list @param {SweepRun} run */
function fillFacts(list, run) {
  const wanted = facts(run);
  while (list.childElementCount > wanted.length) list.lastElementChild?.remove();
  while (list.childElementCount < wanted.length) list.append(h('div', {}, h('dt'), h('dd')));
  wanted.forEach(({ label, text, title }, index) => {
    const row = /** @type {HTMLElement} */ (list.children[index]);
    setText(row.children[0], label);
    setText(row.children[1], text);
    setAttribute(row, 'title', title);
  });
}

/** Why there is no picture yet. @param {SweepRun} run */
function waits({ status, reason }) {
  if (status === 'queued') return 'Waiting for a free slot.';
  if (status === 'failed') return `Failed: ${reason ?? 'no reason was given'}`;
  if (status === 'stopped' || status === 'finished') return 'It drew no samples.';
  return 'The first samples come with the first step.';
}
