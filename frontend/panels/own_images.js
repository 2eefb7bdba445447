// @ts-check
/** One's own pictures: dropped or chosen, sent with a bar and a way out, and then launched with. */

import { listDatasets, removeDataset, uploadDataset } from '../lib/connection.js';
import { h, setText } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { isZip, objection, pictures, suitable } from '../lib/own_images.js';
import { zipped } from '../lib/zip.js';
import { confirmation } from './confirmation.js';
import { dropped } from './dropped_files.js';

const DELETE = {
  label: 'Delete these pictures?', words: 'A run that has not ended keeps them from being deleted. Runs that have ended keep what they have shown, and cannot be forked any more.',
  keep: 'Keep them', go: 'Delete', testid: 'delete-set-confirm',
};

/**
 * @typedef {import('../lib/types.js').UploadedSet} UploadedSet
 * @typedef {import('../lib/own_images.js').Named} Named
 */

/**
 * @param {import('../app.js').Context} context
 * @param {import('../lib/types.js').Catalogue} catalogue
 */
export function ownImages({ go, announce, onSignedOut }, catalogue) {
  const files = h('input', { type: 'file', multiple: true, accept: '.png,.jpg,.jpeg,.webp,.zip', hidden: true, id: 'own-files', testid: 'own-files' });
  const folder = h('input', { type: 'file', webkitdirectory: true, hidden: true, id: 'own-folder', testid: 'own-folder' });
  const name = h('input', { type: 'text', maxlength: 80, id: 'own-name', placeholder: 'my pictures', testid: 'own-name' });
  const words = h('p', { class: 'own-words', role: 'status', testid: 'own-words' });
  const bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'Sent' });
  const cancel = h('button', { type: 'button', class: 'small', text: 'Cancel', hidden: true, testid: 'own-cancel' });
  const refused = h('ul', { class: 'own-refused' });
  const sets = h('ul', { class: 'own-sets', testid: 'own-sets' });
  const zone = h('div', { class: 'drop-zone', testid: 'drop-zone' },
    h('p', {}, 'Drop pictures, a folder, or one .zip here; or ',
      h('button', { type: 'button', text: 'choose files', on: { click: () => files.click() } }), ' ', h('button', { type: 'button', text: 'choose a folder', on: { click: () => folder.click() } })),
    h('p', { class: 'help meta', text: 'png, jpeg or webp, 10 at least, 256 MiB at most. They are cut to their middle square; sub-folders become labels. They stay on this server.' }), files, folder,
    h('div', { class: 'row' }, h('label', { for: 'own-name', text: 'Name' }), name, bar, cancel), words, refused);
  const element = h('details', { class: 'more own-images', testid: 'own-images' }, h('summary', { text: 'Train on your own pictures' }), zone, sets);
  /** @type {(() => void) | null} */
  let stop = null;

  const busy = (/** @type {boolean} */ isBusy) => {
    bar.hidden = cancel.hidden = !isBusy;
    zone.classList.toggle('busy', isBusy);
    zone.querySelectorAll('button').forEach((button) => (button.disabled = isBusy && button !== cancel));
  };
  const send = async (/** @type {Named[]} */ given) => {
    if (stop !== null) return;
    const chosen = isZip(given) ? given : pictures(given);
    const problem = objection(chosen);
    refused.replaceChildren();
    setText(words, problem);
    if (problem !== '') return;
    let isStopped = false;
    stop = () => (isStopped = true);
    busy(true);
    try {
      setText(words, 'Packing …');
      const body = isZip(chosen) ? chosen[0].content : await zipped(chosen, (done) => (bar.value = (0.2 * done) / chosen.length));
      if (isStopped) throw new DOMException('stopped', 'AbortError');
      const sending = uploadDataset(name.value.trim() || 'my pictures', body, (share) => {
        bar.value = 0.2 + 0.8 * share;
        setText(words, share < 1 ? `Sending: ${Math.round(share * 100)} %` : 'Sent. The server looks at each picture …');
      });
      stop = sending.cancel;
      said(await sending.done);
      await refresh();
    } catch (/** @type {any} */ error) {
      if (error.status === 401) onSignedOut();
      setText(words, error.name === 'AbortError' ? 'Cancelled; nothing was kept.' : error.message);
    } finally {
      stop = null;
      bar.value = 0;
      busy(false);
    }
  };
  const said = (/** @type {import('../lib/types.js').Upload} */ kept) => {
    const more = kept.n_refused === 0 ? '' : ` ${integer(kept.n_refused)} not taken:`;
    setText(words, `${kept.is_new ? 'Kept' : 'They were here already:'} ${integer(kept.n_pictures)} pictures${kept.classes.length > 0 ? ` in ${kept.classes.length} classes` : ''}.${more}`);
    refused.replaceChildren(...kept.refused.slice(0, 8).map(({ file, reason }) => h('li', { text: `${file}: ${reason}` })),
      ...(kept.n_refused > 8 ? [h('li', { text: `and ${integer(kept.n_refused - 8)} more` })] : []));
  };
  const refresh = async () => {
    const items = await listDatasets().catch(() => null);
    if (items !== null) sets.replaceChildren(...items.map((set) => row(set)));
  };
  const row = (/** @type {UploadedSet} */ set) => {
    const recipe = suitable(catalogue, set);
    const asking = confirmation(DELETE, async () => {
      await removeDataset(set.id).catch((error) => announce(error.message, 'bad'));
      await refresh();
    });
    const remove = h('button', { type: 'button', class: 'small', text: 'Delete…', 'aria-label': `Delete ${set.name}`, on: { click: () => asking.ask(`Delete ${set.name}?`) } });
    const launch = h('button', { type: 'button', class: 'small primary', text: 'Launch with it', disabled: recipe === null, testid: `use-${set.id}`, 'aria-label': `Launch with ${set.name}` });
    launch.addEventListener('click', () => recipe !== null && go(`/launch?recipe=${encodeURIComponent(recipe.name)}&pictures=${set.id}`));
    const about = `${integer(set.n_pictures)} pictures${set.classes.length > 0 ? `, ${set.classes.length} classes` : ''}`;
    return h('li', { class: 'row', testid: `set-${set.id}` }, h('strong', { text: set.name }), h('span', { class: 'meta', text: about }), h('code', { class: 'meta', text: set.id }), h('span', { class: 'spring' }), launch, remove, asking.dialog);
  };

  cancel.addEventListener('click', () => stop?.());
  for (const input of [files, folder]) {
    input.addEventListener('change', () => {
      const given = [...(input.files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, content: file }));
      input.value = '';
      if (given.length > 0) send(given);
    });
  }
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', async (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    if (event.dataTransfer !== null) send(await dropped(event.dataTransfer));
  });
  element.addEventListener('toggle', () => element.open && refresh());
  return { element, stop: () => stop?.() };
}
