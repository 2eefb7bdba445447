// @ts-check
/** What can be done with several runs at once: those that go on are stopped, those that have ended are deleted. */

import { MOST_RUNS } from '../lib/compare.js';
import { deleteRun, giveCommand } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { hasEnded } from '../lib/reduce.js';
import { confirmation } from './confirmation.js';

const STOP = {
  label: 'Stop runs?', words: 'They end at their next step, each with a checkpoint to fork from; they do not go on afterwards. “Park” on a run’s page frees its slot instead.',
  keep: 'Let them go on', go: 'Stop', testid: 'stop-confirm',
};
const DELETE = {
  label: 'Delete runs?', words: 'Their curves, pictures, checkpoints and ledgers are gone for good. A run that others were forked from stays, and so do runs that still train.',
  keep: 'Keep them', go: 'Delete', testid: 'delete-confirm',
};

/**
 * @param {import('../lib/store.js').Store} store
 * @param {Set<string>} picked ids of runs; changed in place
 * @param {{changed: () => void, announce: (message: string, tone?: string) => void}} actions
 */
export function bulkBar(store, picked, { changed, announce }) {
  const count = h('span', { class: 'meta', testid: 'picked-count' });
  const compare = h('a', { class: 'button', testid: 'compare-link' });
  const stop = h('button', { type: 'button', testid: 'stop-picked' });
  const remove = h('button', { type: 'button', testid: 'delete-picked' });
  const clear = h('button', { type: 'button', class: 'plain', text: 'Clear', testid: 'clear-picked' });
  const deleting = confirmation(DELETE, () => each(ended(), deleteRun, 'deleted', true));
  const stopping = confirmation(STOP, () => each(going(), (id) => giveCommand(id, 'stop'), 'asked to stop', false));
  const element = h('div', { class: 'bulk row', hidden: true, testid: 'bulk' }, count, compare, stop, remove, clear, deleting.dialog, stopping.dialog);

  const runs = () => (store.state.runs ?? []).filter(({ id }) => picked.has(id));
  const ended = () => runs().filter(({ status }) => hasEnded(status));
  const going = () => runs().filter(({ status }) => !hasEnded(status));
  const forget = (/** @type {string[]} */ ids, /** @type {boolean} */ isGone) => {
    for (const id of ids) picked.delete(id);
    if (isGone) store.change(['runs'], (state) => (state.runs = (state.runs ?? []).filter(({ id }) => !ids.includes(id))));
    changed();
  };

  /**
   * One after the other; what was refused stays picked, and is said.
   * @param {import('../lib/types.js').Run[]} wanted
   * @param {(id: string) => Promise<unknown>} act
   * @param {string} done in words
   * @param {boolean} isGone
   */
  const each = async (wanted, act, done, isGone) => {
    stop.disabled = remove.disabled = true;
    /** @type {string[]} */
    const refused = [];
    for (const [index, { id, name }] of wanted.entries()) {
      setText(count, `${index + 1} of ${wanted.length} …`);
      await act(id).then(() => forget([id], isGone), (error) => refused.push(`${name}: ${error.message}`));
    }
    stop.disabled = remove.disabled = false;
    const well = wanted.length - refused.length;
    announce(`${well} ${well === 1 ? 'run' : 'runs'} ${done}${refused.length === 0 ? '' : `; ${refused.join('; ')}`}`, refused.length === 0 ? '' : 'bad');
    show();
  };
  stop.addEventListener('click', () => stopping.ask(question('Stop', going().length)));
  remove.addEventListener('click', () => deleting.ask(question('Delete', ended().length)));
  clear.addEventListener('click', () => forget([...picked], false));

  function show() {
    element.hidden = picked.size === 0;
    setText(count, `${picked.size} picked`);
    setText(stop, `Stop ${going().length}…`);
    setText(remove, `Delete ${ended().length}…`);
    setText(compare, picked.size > MOST_RUNS ? `Compare: ${MOST_RUNS} at most` : `Compare ${picked.size}`);
    compare.hidden = picked.size < 2;
    setAttribute(compare, 'href', picked.size > MOST_RUNS ? null : `/compare?runs=${[...picked].map(encodeURIComponent).join(',')}`);
    stop.hidden = going().length === 0;
    remove.hidden = ended().length === 0;
  }
  const dispose = store.subscribe(['runs'], show);
  return { element, show, dispose };
}

/** @param {'Stop' | 'Delete'} verb @param {number} count */
function question(verb, count) {
  return count === 1 ? `${verb} this run?` : `${verb} these ${count} runs?`;
}
