// @ts-check
/** What can be saved of an instrument: the plot over the steps and the one at the cursor's step, each with its numbers. */

import { densityCsv, eigenvalueCsv, spectrumCsv } from '../lib/csv.js';
import { integer } from '../lib/format.js';
import { INSTRUMENTS } from '../lib/instruments.js';
import { heldLooks } from '../lib/looks.js';
import { alarmMarks, changeMarks } from '../lib/marks.js';
import { printed, SIZE } from '../lib/printed.js';
import { legendOf, stepWords, titleOf } from '../lib/savings.js';
import { palette } from '../lib/theme.js';
import { cellsImage } from './cells.js';

/**
 * @typedef {import('../lib/plot_layout.js').Figure} Figure
 * @typedef {import('../lib/looks.js').Look} Look
 * @typedef {import('./chart_menu.js').Saving} Saving
 *
 * @typedef {object} Shown
 * @property {import('../lib/store.js').RunState} open
 * @property {import('../lib/instruments.js').Kind} kind
 * @property {import('../lib/instruments.js').Choice} choice
 * @property {boolean} log
 * @property {Figure | null} overSteps as it is drawn
 * @property {Figure | null} atStep
 * @property {(Look & {name: string})[]} looks what the plot at a step shows
 */

/** @param {Shown} shown @returns {Saving[]} */
export function instrumentSavings(shown) {
  const { overSteps, atStep, kind, looks } = shown;
  const below = atStep === null || looks.length === 0 ? [] : [stepSaving(shown, atStep)];
  return overSteps === null || kind === 'density' ? below : [stepsSaving(shown, overSteps), ...below];
}

/** @param {Shown} shown @param {Figure} figure @returns {Saving} */
function stepsSaving({ open, kind, choice, log }, figure) {
  const [{ name }] = choice.members;
  const steps = /** @type {[number, number]} */ (figure.layout.xaxis.range);
  const looks = heldLooks(open.looks.get(name)).filter(({ step }) => step >= steps[0] && step <= steps[1]);
  const reading = kind === 'spectrum'
    ? `Each column is σ/σ₁ of one look, from ${log ? '10⁻⁴ or less' : '0'} (nearest to the background) to 1 (nearest to the text’s colour), ${log ? 'logarithmic' : 'linear'}.`
    : 'Lines join the greatest (solid) and the least (dashed) of each look; bars are residuals.';
  return {
    label: 'Over the steps', run: open.run.id, name: choice.id, steps,
    plot: () => printed(figure, {
      ...wordsOf(open, kind, choice), facts: [stepWords(steps), figure.caption].filter((text) => text !== ''), remarks: [reading], labels: [],
      axes: { x: 'step', y: '' }, marks: [...changeMarks(open), ...alarmMarks(open)], range: steps, notes: figure.notes,
      images: figure.cells === undefined ? [] : [cellsImage(figure.cells, { ...figure.layout, ...SIZE })],
    }),
    csv: () => (kind === 'spectrum' ? spectrumCsv : eigenvalueCsv)(looks, name, open.infos.get(name)?.unit),
  };
}

/** @param {Shown} shown @param {Figure} figure @returns {Saving} */
function stepSaving({ open, kind, choice, looks }, figure) {
  const [{ name, step }] = looks;
  const unit = open.infos.get(name)?.unit;
  return {
    label: kind === 'density' ? '' : `At step ${integer(step)}`, run: open.run.id, name: choice.id, steps: [step],
    plot: () => printed(figure, {
      ...wordsOf(open, kind, choice), facts: [`step ${integer(step)}`, figure.caption], remarks: [], axes: { x: '', y: '' }, range: null, marks: [], notes: figure.notes,
      labels: kind === 'density' ? choice.members.filter((member) => looks.some((look) => look.name === member.name)).map((member) => legendOf(member.name, member.label, '')) : [],
    }),
    csv: () => {
      if (kind === 'density') return densityCsv(looks.map((look) => ({ name: look.name, look })));
      return (kind === 'spectrum' ? spectrumCsv : eigenvalueCsv)(looks, name, unit);
    },
  };
}

/** @param {Shown['open']} open @param {Shown['kind']} kind @param {Shown['choice']} choice */
function wordsOf({ run }, kind, { label }) {
  return { run: titleOf(run), chart: `${INSTRUMENTS[kind]}: ${label}`, colours: palette() };
}
