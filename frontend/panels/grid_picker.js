// @ts-check
/** Which of the run's grids is shown. */

import { h, setAttribute } from '../lib/dom.js';
import { gridChoices, gridShown } from '../lib/grids.js';

/** Not there while it has but one. @param {import('../lib/store.js').Store} store */
export function gridPicker(store) {
  const element = h('select', { class: 'small', testid: 'grid-series', 'aria-label': 'Which pictures', hidden: true });
  element.addEventListener('change', () => store.change(['view'], ({ view }) => (view.choice.grid = element.value)));
  return {
    element,
    show() {
      const { open, view } = store.state;
      if (open === null) return;
      const choices = gridChoices(open);
      const chosen = gridShown(open, view);
      const key = choices.map(({ name }) => name).join();
      if (element.dataset.key !== key) element.replaceChildren(...choices.map(({ name, label: text }) => h('option', { value: name, text })));
      element.dataset.key = key;
      element.hidden = choices.length < 2;
      element.value = chosen?.name ?? '';
      setAttribute(element, 'title', chosen?.meaning ?? '');
    },
  };
}
