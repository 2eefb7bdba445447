// @ts-check
/** Which concept (`docs/concepts`) tells what a chart or a panel shows. Pure. */

import { chosen } from './plan.js';

/** What is read by its first word, whoever measures it. @type {Record<string, string>} */
const BY_WORD = {
  loss: 'losses', penalty: 'losses', weighted: 'losses', logit: 'logits', speed: 'vitals', knob: 'steering', cost: 'watching',
};

/** Before a run has said who measures what. @type {Record<string, string>} */
const EXPECTED = { auxiliary: 'auxiliary_accuracy', samples: 'label_accuracy', modes: 'modes', gradient: 'gradient_norms' };

/** For series that no monitor yields and no word tells of: how charts are drawn. */
const ANY = 'charts';

/** Panels that are not charts, by their test id. */
export const PANELS = /** @type {const} */ ({ vitals: 'vitals', knobs: 'steering', ledger: 'steering', alarms: 'guards', rail: 'time_rail', grid: 'samples', points: 'points' });

/**
 * @param {import('./store.js').RunState} open
 * @param {string} series
 * @returns {string} a concept's name: of our monitors there is one each; of a user's own there may be none
 */
export function conceptOfSeries({ run, infos }, series) {
  const word = series.split('.')[0];
  if (word in BY_WORD) return BY_WORD[word];
  if (series.endsWith('.loss')) return 'losses';
  const entry = infos.get(series)?.monitor;
  if (entry === null || entry === undefined) return infos.has(series) ? ANY : (EXPECTED[word] ?? ANY);
  const monitors = /** @type {{name: string, as?: string}[]} */ (run.spec.monitors ?? []);
  return monitors.find((monitor) => (monitor.as ?? monitor.name) === entry)?.name ?? entry;
}

/**
 * @param {import('./store.js').RunState} open
 * @param {import('./plan.js').Chart} chart
 * @param {Record<string, string>} choice
 * @returns {string}
 */
export function conceptOfChart(open, chart, choice) {
  const [first] = chosen(chart, choice).traces;
  if (first !== undefined) return conceptOfSeries(open, first.name);
  return chart.id === 'accuracies' ? 'label_accuracy' : ANY;
}
