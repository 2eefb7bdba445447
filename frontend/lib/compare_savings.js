// @ts-check
/** What can be saved of a chart that compares runs: the lines as they are laid, each named by its run, and their buckets. Pure. */

import { axisWords, letter, linesOf, marksOf } from './compare.js';
import { scalarCsv } from './csv.js';
import { printed } from './printed.js';
import { bucketWords, titleOf } from './savings.js';

/** What the axis of each alignment is, with its unit. @type {Record<import('./compare.js').Align, string>} */
const AXES = { step: 'step', fork: 'step', time: 'time of training (ms)' };

/**
 * @param {{compare: import('./compare.js').CompareState, name: string, align: import('./compare.js').Align, isZoomed: boolean,
 *   drawn: import('./savings.js').Drawn, colours: import('./theme.js').Colours}} shown
 * @returns {import('../panels/chart_menu.js').Saving[]}
 */
export function compareSavings({ compare, name, align, isZoomed, drawn, colours }) {
  const range = /** @type {[number, number]} */ (drawn.layout.xaxis.range);
  const lines = linesOf(compare, name, align, isZoomed);
  const titles = new Map(compare.ids.map((id, index) => [letter(index), `${letter(index)} ${titleOf(compare.opens.get(id)?.run ?? { id, name: id })}`]));
  const widths = compare.ids.map((id) => ((isZoomed ? compare.opens.get(id)?.details.get(name) : undefined) ?? compare.opens.get(id)?.scalars.get(name))?.bucketSteps ?? 1);
  const bucketSteps = Math.max(1, ...widths);
  const unit = [...compare.opens.values()].map(({ infos }) => infos.get(name)?.unit ?? '').find((each) => each !== '') ?? '';
  const columns = lines.map((line) => ({ ...line, name: `${name} of ${titles.get(line.label)}`, unit, bucketSteps })).reverse();
  return [{
    label: '', run: 'compare', name, steps: range,
    plot: () => printed(drawn, {
      run: [...titles.values()].join(', '), chart: name, facts: range.map((at) => axisWords(align, Math.round(at))), remarks: bucketWords(columns),
      axes: { x: AXES[align], y: unit.replaceAll('_', ' ') }, labels: lines.map(({ label }) => titles.get(label) ?? label), marks: marksOf(compare, align), range, notes: drawn.notes, colours,
    }),
    csv: () => scalarCsv(columns, range, AXES[align]),
  }];
}
