// Which concept stands behind the “?” of each chart and panel; and that each of them exists.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { conceptOfChart, conceptOfSeries, PANELS } from '../../frontend/lib/concepts.js';
import { plan } from '../../frontend/lib/plan.js';
import { openRun } from '../../frontend/lib/reduce.js';

const FOLDER = new URL('../../docs/concepts/', import.meta.url);
const WRITTEN = new Set(readdirSync(FOLDER).map((file) => file.replace(/\.md$/, '')));
const LOOP = [
  'loss.d', 'loss.g', 'loss.d.adversarial', 'loss.g.adversarial', 'loss.d.auxiliary', 'loss.g.auxiliary', 'logit.real', 'logit.fake',
  'auxiliary.hair.loss', 'samples.hair.loss', 'penalty.r1', 'weighted.r1', 'knob.r1.weight', 'speed.steps_per_s', 'optimiser.g.rate', 'began.k', 'cost.guards',
];
const MONITORS = {
  gradient_norms: ['gradient.d.norm', 'gradient.g.norm'], modes: ['modes.captured', 'modes.reverse_kl'], coverage: ['coverage.recall'],
  auxiliary_accuracy: ['auxiliary.hair.accuracy'], label_accuracy: ['samples.hair.accuracy'], frechet: ['frechet.distance'], hessian: ['hessian.g.top', 'cost.hessian'],
  spectra: ['spectrum.d.conv1.sigma_1'], movement: ['movement.rate.d'], duality_gap: ['duality_gap.last'], resources: ['memory.process'],
};

function open(names, spec = {}) {
  const found = openRun({ id: 'r', status: 'running', spec: { conditioning: { name: 'auxiliary' }, ...spec }, step: 0, steps: 10, attempt: 1, knobs: [], attributes: { hair: ['a', 'b'] }, latest: {}, cursor: '0-0' });
  for (const [name, monitor] of names) found.infos.set(name, { name, kind: 'scalar', monitor });
  return found;
}
const measured = () => open([...LOOP.map((name) => [name, null]), ...Object.entries(MONITORS).flatMap(([monitor, names]) => names.map((name) => [name, monitor]))]);

test('every view of every chart, and every panel, leads to a concept that is written', () => {
  for (const state of [measured(), open([]), open([], { conditioning: { name: 'none' } })]) {
    for (const chart of plan(state)) {
      for (const view of chart.views) {
        const concept = conceptOfChart(state, chart, { [chart.id]: view.id });
        assert.ok(WRITTEN.has(concept), `${chart.id}, ${view.label}: ${concept}`);
      }
    }
  }
  for (const concept of Object.values(PANELS)) assert.ok(WRITTEN.has(concept), concept);
});

test('a series leads to its monitor, the loop’s own to what they are', () => {
  const state = measured();
  const wanted = {
    'loss.d': 'losses', 'auxiliary.hair.loss': 'losses', 'weighted.r1': 'losses', 'logit.fake': 'logits', 'knob.r1.weight': 'steering', 'began.k': 'charts',
    'cost.hessian': 'watching', 'cost.guards': 'watching', 'auxiliary.hair.accuracy': 'auxiliary_accuracy', 'samples.hair.accuracy': 'label_accuracy', 'spectrum.d.conv1.sigma_1': 'spectra',
    'memory.process': 'resources',
  };
  for (const [series, concept] of Object.entries(wanted)) assert.equal(conceptOfSeries(state, series), concept, series);
});

test('a monitor that a spec names otherwise is known by what it is', () => {
  const state = open([['wide.recall', 'wide']], { monitors: [{ name: 'coverage', as: 'wide' }] });
  assert.equal(conceptOfSeries(state, 'wide.recall'), 'coverage');
});

test('before a run says what it measures its charts lead where they will lead', () => {
  assert.deepEqual(['modes.captured', 'gradient.d.norm', 'samples.hair.accuracy', 'auxiliary.hair.accuracy', 'x.y'].map((name) => conceptOfSeries(open([]), name)), ['modes', 'gradient_norms', 'label_accuracy', 'auxiliary_accuracy', 'charts']);
});
