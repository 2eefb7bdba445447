// @ts-check
/** What can be done with several runs at once: those that go on are stopped, those that have ended are deleted. */

import { MOST_RUNS } from '../lib/compare.js';
import { deleteRun, giveCommand } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { hasEnded } from '../lib/reduce.js';

const STOP_WORDS = 'They end at their next step, each with a checkpoint to fork from; they do not go on afterwards. “Park” on a run’s page frees its slot instead.';
const DELETE_WORDS = 'Their curves, pictures, checkpoints and ledgers are gone for good. A run that others were forked from stays, and so do runs that still train.';

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
  const deleting = confirmation('delete', DELETE_WORDS, () => each(ended(), deleteRun, 'deleted', true));
  const stopping = confirmation('stop', STOP_WORDS, () => each(going(), (id) => giveCommand(id, 'stop'), 'asked to stop', false));
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
  stop.addEventListener('click', () => stopping.ask(going().length));
  remove.addEventListener('click', () => deleting.ask(ended().length));
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

/** @param {'stop' | 'delete'} verb @param {string} words @param {() => void} act */
function confirmation(verb, words, act) {
  const title = h('h2');
  const capital = verb === 'stop' ? 'Stop' : 'Delete';
  const keep = h('button', { type: 'submit', value: 'keep', text: verb === 'stop' ? 'Let them go on' : 'Keep them', autofocus: true });
  const go = h('button', { type: 'submit', value: verb, class: 'danger', text: capital, testid: `${verb}-confirm` });
  const form = h('form', { method: 'dialog' }, title, h('p', { class: 'words', text: words }), h('div', { class: 'row' }, keep, go));
  const dialog = h('dialog', { 'aria-label': `${capital} runs?` }, form);
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === verb) act();
    dialog.returnValue = '';
  });
  return {
    dialog,
    ask: (/** @type {number} */ count) => {
      setText(title, count === 1 ? `${capital} this run?` : `${capital} these ${count} runs?`);
      dialog.showModal();
    },
  };
}
