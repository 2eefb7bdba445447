// @ts-check
/** The header of a chart: its title, which of its sets of series is shown, and their values at the cursor or now. */

import { h, setAttribute, setText, swatch } from '../lib/dom.js';
import { number } from '../lib/format.js';
import { newest, valueAt } from '../lib/series.js';

/** Values stand in the header up to so many series; beyond, the labels at the lines' ends must do. */
const MOST_VALUES = 2;

/** SVG dash arrays of the charts' dashes. @type {Record<string, string>} */
export const DASH_ARRAYS = { solid: '', dash: '6 3', dot: '2 3', dashdot: '6 3 2 3' };

/**
 * @param {ReturnType<import('./panel.js').panel>} frame
 * @param {{choose: (view: string) => void}} actions
 */
export function chartHeader(frame, actions) {
  const picker = h('select', { class: 'small', testid: `view-${frame.element.dataset.testid}` });
  const values = h('span', { class: 'values' });
  frame.heading.after(picker);
  frame.aside.append(values);
  picker.addEventListener('change', () => actions.choose(picker.value));

  return {
    /** @param {import('../lib/plan.js').Chart} chart @param {import('../lib/plan.js').View} current */
    update({ title, views }, current) {
      setText(frame.heading, title);
      setAttribute(picker, 'aria-label', `${title}: which series`);
      picker.hidden = views.length < 2;
      const key = views.map(({ id, label }) => `${id} ${label}`).join();
      if (picker.dataset.key !== key) picker.replaceChildren(...views.map(({ id, label }) => h('option', { value: id, text: label })));
      picker.dataset.key = key;
      picker.value = current.id;
    },
    /** @param {import('../lib/store.js').RunState} open @param {import('../lib/plan.js').Chart} chart @param {import('../lib/plan.js').View} view @param {number | null} cursor */
    showValues(open, chart, view, cursor) {
      const { traces } = view;
      const value = (/** @type {string} */ name) => (cursor === null ? newest(open.scalars.get(name)) : valueAt(open.scalars.get(name), cursor))?.value;
      const texts = traces.map(({ name, label, error }) => `${label} ${number(value(name))}${error === undefined ? '' : ` ± ${number(value(error), 2)}`}`);
      setAttribute(frame.body, 'aria-label', `${chart.title}, ${view.label}: ${texts.join(', ')}`);
      setAttribute(frame.heading, 'title', meaning(open, view));
      const shown = traces.length > MOST_VALUES ? [] : traces;
      const key = shown.map(({ name }) => name).join();
      if (values.dataset.key !== key) {
        values.replaceChildren(...shown.map(({ role, dash }) => h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), h('span'))));
      }
      values.dataset.key = key;
      shown.forEach((_, index) => setText(/** @type {Element} */ (values.children[index].lastElementChild), texts[index]));
    },
  };
}

/** @param {import('../lib/store.js').RunState} open @param {import('../lib/plan.js').View} view */
function meaning(open, { traces }) {
  return traces.map(({ name }) => `${name}: ${open.infos.get(name)?.meaning ?? ''}`).join('\n');
}
