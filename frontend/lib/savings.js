// @ts-check
/** What can be saved of charts of scalars as they are shown: the plot with all that is said around it, and its buckets. Pure. */

import { scalarCsv } from './csv.js';
import { integer } from './format.js';
import { alarmMarks, changeMarks } from './marks.js';
import { printed } from './printed.js';

/**
 * @typedef {import('./store.js').RunState} RunState
 * @typedef {{data: any[], layout: Record<string, any>, notes: string[]}} Drawn
 *
 * @typedef {object} Shown
 * @property {RunState} open
 * @property {import('./plan.js').Chart} chart
 * @property {import('./plan.js').View} view
 * @property {[number, number] | null} range zoomed steps
 * @property {Drawn} drawn
 * @property {import('./theme.js').Colours} colours
 */

/**
 * @param {Shown} shown
 * @returns {import('../panels/chart_menu.js').Saving[]}
 */
export function scalarSavings({ open, chart, view, range, drawn, colours }) {
  const held = (/** @type {string} */ name) => (range !== null ? open.details.get(name) : undefined) ?? open.scalars.get(name);
  const unit = (/** @type {string} */ name) => open.infos.get(name)?.unit ?? '';
  const lines = view.traces.filter(({ name }) => held(name) !== undefined);
  const names = lines.flatMap(({ name, error }) => (error === undefined ? [name] : [name, error]));
  const columns = names.flatMap((name) => {
    const buckets = held(name);
    return buckets === undefined ? [] : [{ ...buckets, name, unit: unit(name) }];
  });
  const steps = /** @type {[number, number]} */ (drawn.layout.xaxis.range);
  const units = [...new Set(lines.map(({ name }) => unit(name)).filter((each) => each !== ''))];
  const several = chart.views.length > 1 ? `, ${view.label}` : '';
  return [{
    label: '', run: open.run.id, name: chart.views.length > 1 ? `${chart.id}-${view.id}` : chart.id, steps,
    plot: () => printed(drawn, {
      run: titleOf(open.run), chart: `${chart.title}${several}`, facts: [stepWords(steps)], remarks: bucketWords(columns), axes: { x: 'step', y: units.join(', ').replaceAll('_', ' ') },
      labels: lines.map(({ name, label }) => legendOf(name, label, unit(name))),
      marks: [...changeMarks(open), ...alarmMarks(open)], range: steps, notes: drawn.notes, colours,
    }),
    csv: () => scalarCsv(columns, steps),
  }];
}

/**
 * Of a chart that compares a run with its twins.
 * @param {{twins: import('./store.js').TwinsState, title: string, name: string, lines: import('../charts/lines.js').Line[],
 *   mark: import('./marks.js').Mark, drawn: Drawn, colours: import('./theme.js').Colours}} shown
 * @returns {import('../panels/chart_menu.js').Saving[]}
 */
export function twinSavings({ twins, title, name, lines, mark, drawn, colours }) {
  const [{ run }] = twins.members;
  const steps = /** @type {[number, number]} */ (drawn.layout.xaxis.range);
  const bucketSteps = Math.max(1, ...[...(twins.details ?? twins.scalars).values()].map((each) => each.bucketSteps));
  const columns = lines.map((line) => ({ ...line, name: `${twins.series} ${line.label}`, bucketSteps }));
  return [{
    label: '', run: run.id, name: `${name}-${twins.series}`, steps,
    plot: () => printed(drawn, {
      run: titleOf(run), chart: `${title}: ${twins.series}`, facts: [stepWords(steps)], remarks: bucketWords(columns), axes: { x: 'step', y: '' },
      labels: lines.map(({ label }) => label), marks: [mark], range: steps, notes: drawn.notes, colours,
    }),
    csv: () => scalarCsv(columns, steps),
  }];
}

/** The run's name and its id. @param {{id: string, name: string}} run */
export function titleOf({ id, name }) {
  return name === id ? id : `${name} · ${id}`;
}

/** @param {[number, number]} steps */
export function stepWords([from, to]) {
  return `steps ${integer(from)} to ${integer(to)}`;
}

/** How wide the widest buckets are, and what a line through them is. @param {{bucketSteps: number}[]} columns */
export function bucketWords(columns) {
  const width = Math.max(1, ...columns.map(({ bucketSteps }) => bucketSteps));
  return width === 1 ? [] : [`In buckets of up to ${integer(width)} steps: the line joins their last values, the band runs from the least to the greatest.`];
}

/** @param {string} name @param {string} label @param {string} unit */
export function legendOf(name, label, unit) {
  const known = label === name ? name : `${label}: ${name}`;
  return unit === '' ? known : `${known} (${unit.replaceAll('_', ' ')})`;
}
