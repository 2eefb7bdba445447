// A chart as a file: its numbers as a table, and the plot with all that the screen says around it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figure } from '../../frontend/charts/lines.js';
import { csv, densityCsv, eigenvalueCsv, pointsCsv, scalarCsv, spectrumCsv } from '../../frontend/lib/csv.js';
import { printed } from '../../frontend/lib/printed.js';
import { fileName } from '../../frontend/lib/saving.js';
import { scalarSavings } from '../../frontend/lib/savings.js';

const COLOURS = {
  text: 'rgb(0, 0, 0)', meta: 'rgb(1, 1, 1)', line: 'rgb(2, 2, 2)', surface: 'rgb(3, 3, 3)', accent: 'rgb(4, 4, 4)', warn: 'rgb(5, 5, 5)',
  bad: 'rgb(6, 6, 6)', roles: { D: 'rgb(1, 0, 0)', G: 'rgb(0, 1, 0)' },
};

function buckets(name, steps, last, more = {}) {
  return { name, bucketSteps: 1, steps, min: last, max: last, last, nonfinite: last.map((value) => (Number.isFinite(value) ? 0 : 1)), attempts: [], cursor: '0-0', ...more };
}

test('a field with a comma, a quote or a line break is quoted', () => {
  assert.equal(csv([['a,b', 'say "x"', 'two\nlines', null, 0]]), '"a,b","say ""x""","two\nlines",,0\n');
});

test('scalars: a row a step, NaN and infinities in words, nothing where a series has no bucket, all digits', () => {
  const d = buckets('loss.d', [0, 4, 8], [0.1 + 0.2, NaN, -Infinity], { bucketSteps: 4, min: [0.1, NaN, NaN], max: [0.5, NaN, NaN], nonfinite: [0, 4, 1] });
  const modes = buckets('modes.captured', [8, 100], [7, 8], { unit: 'modes' });
  assert.equal(scalarCsv([d, modes], [0, 10]), [
    'step,loss.d min (bucket of 4 steps),loss.d max (bucket of 4 steps),loss.d last (bucket of 4 steps),loss.d not finite (points),'
      + 'modes.captured min (modes),modes.captured max (modes),modes.captured last (modes),modes.captured not finite (points)',
    '0,0.1,0.5,0.30000000000000004,0,,,,',
    '4,NaN,NaN,NaN,4,,,,',
    '8,NaN,NaN,-Infinity,1,7,7,7,0',
    '',
  ].join('\n'));
});

test('no series, a table with its head alone', () => assert.equal(scalarCsv([], [0, 1]), 'step\n'));

test('steps are in order, whichever series has them first', () => {
  const rows = scalarCsv([buckets('a', [10], [1]), buckets('b', [2], [1])], [0, 10]).split('\n');
  assert.deepEqual(rows.slice(1, 3).map((row) => row.split(',')[0]), ['2', '10']);
});

test('spectra and eigenvalues: a row a value', () => {
  assert.equal(spectrumCsv([{ step: 5, body: { values: [2, NaN] } }], 'spectrum.d.conv'), 'step,index,spectrum.d.conv\n5,1,2\n5,2,NaN\n');
  const body = { real: [1, -1], imaginary: [2, -2], residuals: [0.5, Infinity] };
  assert.equal(eigenvalueCsv([{ step: 5, body }], 'j', 'x'), 'step,index,j real (x),j imaginary (x),residual (x)\n5,1,1,2,0.5\n5,2,-1,-2,Infinity\n');
  assert.match(eigenvalueCsv([{ step: 5, body: { real: [1], residuals: [0] } }], 'h'), /\n5,1,1,,0\n$/);
});

test('densities name their series', () => {
  const look = { step: 3, body: { at: [0, 1], density: [0.5, NaN], stderr: [0.1, 0.2] } };
  assert.equal(densityCsv([{ name: 'scores.real', look }]), 'series,step,at,density,standard error\nscores.real,3,0,0.5,0.1\nscores.real,3,1,NaN,0.2\n');
});

test('points, and D’s logits at the places of their lattice', () => {
  const cloud = { real: [[1, 2]], generated: [['NaN', 0]], extent: [-1, 1, -2, 2], field: [[5, 6], [7, 'NaN']] };
  assert.equal(pointsCsv(9, cloud), [
    'step,kind,x,y,logit of D', '9,real,1,2,', '9,generated,NaN,0,', '9,lattice,-1,-2,5', '9,lattice,1,-2,6', '9,lattice,-1,2,7', '9,lattice,1,2,NaN', '',
  ].join('\n'));
});

test('a file’s name has nothing in it that a disk or a shell minds', () => {
  assert.equal(fileName('a1b2', 'losses-total', [0, 299.6], 'png'), 'a1b2-losses_total-0-300.png');
  assert.equal(fileName('a1b2', '../<b>x y</b>', [7], 'svg'), 'a1b2-b_x_y_b-7.svg');
});

const OPTIONS = { uirevision: 'r', colours: COLOURS, width: 400, height: 200, xRange: [0, 100], yRange: [0, 1] };
const LINES = [
  { ...buckets('loss.d', [0, 50], [0.2, 0.4], { min: [0.1, 0.3], max: [0.3, 0.5] }), label: 'D', role: 'D', dash: 'solid' },
  { ...buckets('loss.g', [0, 50], [0.2, 0.4]), label: 'G', role: 'G', dash: 'dash' },
];
const ABOUT = {
  run: '<img src=x> & <b>bold</b>', chart: 'Losses', facts: ['steps 0 to 100'], remarks: ['a remark'], axes: { x: 'step', y: 'nats' }, labels: ['D: loss.d', 'G: <i>'],
  marks: [
    { key: 'a', step: 10, text: 'r1.weight 0 → 1 at step 10' }, { key: 'b', step: 10, text: 'lr 1 → 2 at step 10' },
    { key: 'c', step: 20, text: 'collapse at step 20: <b>few</b>', isAlarm: true }, { key: 'd', step: 400, text: 'elsewhere' },
  ],
  range: [0, 100], notes: ['not finite: D 2'], colours: COLOURS,
};

test('a printed plot says whose it is, what its lines are, what was changed and what could not be drawn', () => {
  const { data, layout } = printed(figure(LINES, OPTIONS), ABOUT);
  const texts = layout.annotations.map(({ text }) => text);
  for (const said of ['Losses · steps 0 to 100', 'a remark', '1  r1.weight 0 → 1 at step 10; lr 1 → 2 at step 10', 'not finite: D 2']) assert.ok(texts.includes(said), said);
  assert.deepEqual(data.filter(({ showlegend }) => showlegend).map(({ name }) => name), ['D: loss.d', 'G: &lt;i&gt;']);
  assert.equal(data.length, 3, 'the band is drawn, and has no name');
  assert.deepEqual([layout.xaxis.title.text, layout.yaxis.title.text], ['step', 'nats']);
  assert.equal(layout.paper_bgcolor, COLOURS.surface);
});

test('no text of a printed plot is taken for markup', () => {
  const { data, layout } = printed(figure(LINES, OPTIONS), ABOUT);
  const texts = [...layout.annotations.map(({ text }) => text), ...data.map(({ name }) => name ?? '')];
  assert.deepEqual(texts.filter((text) => /[<>]/.test(text)), []);
  assert.ok(texts.includes('&lt;img src=x&gt; &amp; &lt;b&gt;bold&lt;/b&gt;'));
});

test('changes and alarms are upright lines, each with its number, where they can be seen', () => {
  const { layout } = printed(figure(LINES, OPTIONS), ABOUT);
  assert.deepEqual(layout.shapes.map(({ x0, line }) => [x0, line.color]), [[10, COLOURS.accent], [20, COLOURS.bad]]);
  assert.deepEqual(layout.annotations.filter(({ xref }) => xref === 'x').map(({ text, x }) => [text, x]), [['1', 10], ['2', 20]]);
});

test('more changes than there is room for are counted', () => {
  const marks = Array.from({ length: 30 }, (_, index) => ({ key: String(index), step: index, text: `change ${index}` }));
  const { layout } = printed(figure(LINES, OPTIONS), { ...ABOUT, marks });
  assert.equal(layout.shapes.length, 30);
  assert.ok(layout.annotations.some(({ text }) => text === 'and 18 more, not listed here'));
});

test('a plot without lines, names or steps is printed too', () => {
  const { data, layout } = printed(figure([], OPTIONS), { ...ABOUT, labels: [], range: null, marks: [], remarks: [], notes: [] });
  assert.deepEqual([data, layout.shapes, layout.showlegend], [[], [], false]);
});

test('what is saved of a chart is what is held of its series, errors by themselves', () => {
  const trace = { name: 'frechet', label: 'distance', role: 'D', dash: 'solid', error: 'frechet.error' };
  const open = {
    run: { id: 'a1', name: 'mine', knobs: [] }, infos: new Map([['frechet', { name: 'frechet', kind: 'scalar', unit: 'squared_pixels' }]]),
    scalars: new Map([['frechet', buckets('frechet', [1, 60], [2, 3])], ['frechet.error', buckets('frechet.error', [1, 60], [0.5, 0.25])]]),
    details: new Map([['frechet', buckets('frechet', [1, 30, 60], [2, 2.5, 3])]]), ledger: new Map(), alarms: new Map(),
  };
  const view = { id: 'v', label: 'distance', traces: [trace], fixed: null, fromZero: false };
  const shown = { open, view, chart: { id: 'modes', title: 'Coverage', views: [view], log: false, isWide: false }, range: null, drawn: figure(LINES, OPTIONS), colours: COLOURS };
  const [whole] = scalarSavings(shown);
  assert.deepEqual([whole.run, whole.name, whole.steps], ['a1', 'modes', [0, 100]]);
  assert.match(whole.csv().split('\n')[1], /^1,2,2,2,0,0.5,0.5,0.5,0$/);
  assert.equal(scalarSavings({ ...shown, range: [0, 100] })[0].csv().split('\n').length, 5, 'a zoom has the finer buckets');
  assert.equal(whole.plot().layout.yaxis.title.text, 'squared pixels');
});
