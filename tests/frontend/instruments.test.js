// Spectra, eigenvalues and densities: how the page holds them, which of them it shows, and what their charts draw.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { extents as densityExtents, figure as density } from '../../frontend/charts/density.js';
import { extents as eigenvalueExtents, figure as eigenvalues } from '../../frontend/charts/eigenvalues.js';
import { figure as heatmap } from '../../frontend/charts/heatmap.js';
import { extents as planeExtents, figure as plane } from '../../frontend/charts/plane.js';
import { extents as spectrumExtents, figure as spectrum } from '../../frontend/charts/spectrum.js';
import { choicesOf, instrumentWaitsFor } from '../../frontend/lib/instruments.js';
import { addLook, emptyLooks, heldLooks, holdBody, looksFrom, MOST_BODIES } from '../../frontend/lib/looks.js';
import { applyEvent, openRun, replayLooks } from '../../frontend/lib/reduce.js';
import { stepAt } from '../../frontend/panels/stepper.js';

const COLOURS = {
  text: 'rgb(0, 0, 0)', meta: 'rgb(1, 1, 1)', line: 'rgb(2, 2, 2)', surface: 'rgb(3, 3, 3)',
  roles: { D: 'rgb(1, 0, 0)', G: 'rgb(0, 1, 0)', real: 'rgb(0, 0, 1)', extra2: 'rgb(9, 9, 9)' },
};

function options(more = {}) {
  return { uirevision: 'run-1', colours: COLOURS, width: 384, height: 170, role: 'D', ranges: { x: [0, 100], y: [0, 1] }, ...more };
}

const spectra = (columns) => columns.map(([step, values]) => ({ step, body: { series: 's', values } }));
const pairs = (looks) => looks.map(([step, real, residuals, imaginary = null]) => ({ step, body: { series: 'e', real, imaginary, residuals, products: 12 } }));
const curve = (at, values, stderr, more = {}) => ({ label: 'real', role: 'real', dash: 'solid', step: 7, body: { at, density: values, stderr }, ...more });
const isUnchanged = (input, draw) => {
  const before = structuredClone(input);
  draw(input);
  assert.deepEqual(input, before);
};

// The collapse picture

const RGB = (text) => text.match(/\d+/g).map(Number);
const pixel = ({ pixels, edges }, row, column) => [...pixels.slice((row * (edges.length - 1) + column) * 4, (row * (edges.length - 1) + column) * 4 + 4)];

test('each look is a column of shares of its own largest value, index 1 at the top', () => {
  const { data, cells, layout, notes, caption } = heatmap(spectra([[0, [4, 2, 1]], [50, [10, 0, 0]]]), options());
  assert.ok(data.every(({ type }) => type === 'scatter'), 'Plotly’s heatmap sets styles, which the policy refuses');
  assert.deepEqual(cells.shares, [[1, 1], [0.5, 0], [0.25, 0]]);
  assert.deepEqual([cells.edges, cells.rows], [[0, 50, 100], 3], 'a column reaches to the next look');
  assert.deepEqual(layout.yaxis.range, [3.5, 0.5]);
  assert.deepEqual([notes, caption], [[], '2 looks · 3 singular values']);
});

test('the colours are the theme’s: the line’s at 0, the player’s half way, the text’s at 1', () => {
  const { cells } = heatmap(spectra([[0, [4, 2, 0]]]), options({ role: 'G', colours: { ...COLOURS, line: 'rgb(10, 20, 30)', text: 'rgba(90, 80, 70, 1)', roles: { ...COLOURS.roles, G: 'rgb(50, 60, 40)' } } }));
  assert.deepEqual([0, 1, 2].map((row) => pixel(cells, row, 0)), [[90, 80, 70, 255], [50, 60, 40, 255], [10, 20, 30, 255]]);
});

test('no looks, no picture but its axes; one look is a column and says that it is the only one', () => {
  const none = heatmap([], options());
  assert.deepEqual([none.data, none.cells.edges, none.notes, none.caption, none.layout.xaxis.range], [[], [], [], '', [0, 100]]);
  const one = heatmap(spectra([[30, [1, 0.5]]]), options());
  assert.deepEqual(one.cells.edges, [30, 32]);
  assert.match(one.caption, /^one look so far, at step 30/);
});

test('what is not finite is a gap with a cross, and counted; a spectrum whose first is no number has no shares', () => {
  const found = heatmap(spectra([[0, [2, 1]], [10, [2, NaN]], [20, [NaN, 1]], [30, [0, 0]], [40, [Infinity, 1]]]), options());
  assert.deepEqual(found.cells.shares, [[1, 1, null, null, null], [0.5, null, null, null, null]]);
  assert.deepEqual(pixel(found.cells, 1, 1), [0, 0, 0, 0], 'transparent, not the colour of 0');
  assert.deepEqual(found.data[1].x, [10, 20, 30, 40]);
  assert.deepEqual(found.notes, ['not finite: 7 (last ~40)']);
});

test('on a log scale 0 is a gap and counted, and all below a ten-thousandth has the last colour', () => {
  const { cells, notes } = heatmap(spectra([[0, [1, 0.01, 0, 1e-9]]]), options({ log: true }));
  assert.deepEqual(cells.shares.map(([value]) => value), [0, -2, null, -9]);
  assert.deepEqual([pixel(cells, 1, 0), pixel(cells, 3, 0)], [[...RGB(COLOURS.roles.D), 255], [...RGB(COLOURS.line), 255]]);
  assert.equal(pixel(cells, 2, 0)[3], 0);
  assert.deepEqual(notes, ['≤ 0, hidden on a log axis: 1']);
});

test('10,000 looks of 512 values become at most a column a pixel and a row a pixel, and the last look stays', () => {
  const values = Array.from({ length: 512 }, (_, index) => 1 / (index + 1));
  const looks = spectra(Array.from({ length: 10_000 }, (_, index) => [index, values]));
  const { edges, rows, shares, pixels } = heatmap(looks, options({ ranges: { x: [0, 10_000], y: [0, 1] } })).cells;
  assert.ok(edges.length <= 327 && edges.length > 160, `${edges.length} edges`);
  assert.ok(rows <= 96 && rows > 48, `${rows} rows`);
  assert.equal(edges.at(-2), 9999);
  assert.equal(shares[1][0], values[6]);
  assert.equal(pixels.length, (edges.length - 1) * rows * 4);
});

test('only looks in the zoomed range are drawn, and the one that is in force at its start', () => {
  const looks = spectra([[0, [1]], [10, [1]], [20, [1]], [30, [1]], [40, [1]]]);
  assert.deepEqual(heatmap(looks, options({ ranges: { x: [15, 32], y: [0, 1] } })).cells.edges.slice(0, -1), [10, 20, 30, 40]);
});

test('spectra of different lengths leave gaps', () => {
  assert.deepEqual(heatmap(spectra([[0, [1, 1]], [1, [1]]]), options()).cells.shares, [[1, 1], [1, null]]);
});

test('no chart of an instrument changes what it is given', () => {
  isUnchanged(spectra([[0, [2, NaN, 1]]]), (looks) => heatmap(looks, options({ log: true })));
  isUnchanged(spectra([[0, [2, NaN, 1]]])[0], (look) => spectrum(look, options({ log: true })));
  isUnchanged(pairs([[0, [1, 5, 3], [0.1, NaN, 0.2]]]), (looks) => eigenvalues(looks, options()));
  isUnchanged(pairs([[0, [1, 5, 3], [0.1, NaN, 0.2], [1, 0, -1]]])[0], (look) => plane(look, options()));
  isUnchanged([curve([3, 1, 2], [1, NaN, 0], [0.1, 0.1, 0.1])], (curves) => density(curves, options({ log: true, isHistogram: false })));
});

// One spectrum

test('a spectrum is drawn as it is, and says how many values are above half of the first', () => {
  const [look] = spectra([[5, [4, 3, 1, NaN]]]);
  const { data, notes, caption } = spectrum(look, options());
  assert.deepEqual([data[0].x, data[0].y], [[1, 2, 3, 4], [4, 3, 1, null]]);
  assert.deepEqual([notes, caption], [['not finite: 1'], 'σ₁ 4 · 2 of 4 above σ₁/2']);
  assert.deepEqual(spectrumExtents(look, false), { x: [1, 4], y: [0, 4] });
  assert.deepEqual(spectrumExtents(look, true), { x: [1, 4], y: [1, 4] });
  assert.deepEqual([spectrum(null, options()).data, spectrumExtents(null, false)], [[], { x: null, y: null }]);
});

test('10,000 singular values are a line without markers', () => {
  const [look] = spectra([[0, Array.from({ length: 10_000 }, (_, index) => 10_000 - index)]]);
  assert.equal(spectrum(look, options()).data[0].mode, 'lines');
});

// Eigenvalues over steps

test('every eigenvalue has its residual as a bar, and lines join the greatest and the least', () => {
  const { data, notes, caption } = eigenvalues(pairs([[0, [5, -1], [0.1, 0.2]], [50, [7, 2, -3], [0.3, 0.4, 0.5]]]), options());
  const [top, bottom, points] = data;
  assert.deepEqual([top.y, bottom.y], [[5, 7], [-1, -3]]);
  assert.deepEqual([points.x, points.y, points.error_y.array], [[0, 0, 50, 50, 50], [5, -1, 7, 2, -3], [0.1, 0.2, 0.3, 0.4, 0.5]]);
  assert.equal(points.error_y.visible, true);
  assert.deepEqual([notes, caption], [[], '2 looks']);
  assert.deepEqual(eigenvalueExtents(pairs([[0, [5, -1], [0.1, 0.2]]]), [0, 10]).y, [-1.2, 5.1]);
});

test('eigenvalues: nothing, one look, and values or residuals that are not finite', () => {
  assert.deepEqual([eigenvalues([], options()).data, eigenvalueExtents([], [0, 1])], [[], { x: null, y: null }]);
  assert.equal(eigenvalues(pairs([[9, [1], [0]]]), options()).caption, 'one look so far, at step 9');
  const found = eigenvalues(pairs([[0, [1, NaN], [0, 0]], [3, [NaN], [0]], [4, [2], [NaN]]]), options());
  assert.deepEqual(found.data[0].y, [1, null, 2]);
  assert.deepEqual(found.notes, ['not finite: 2 (last ~3)', 'no finite residual: 1']);
});

test('10,000 looks: no spike up or down is lost, and there are fewer looks than pixels', () => {
  const looks = pairs(Array.from({ length: 10_000 }, (_, step) => [step, [step === 4321 ? 99 : 1, step === 8765 ? -99 : 0], [0, 0]]));
  const [top, bottom, points] = eigenvalues(looks, options({ ranges: { x: [0, 10_000], y: [-100, 100] } })).data;
  assert.ok(top.x.length <= 192, `${top.x.length} looks`);
  assert.equal(Math.max(...top.y), 99);
  assert.equal(Math.min(...bottom.y), -99);
  assert.equal(points.x.at(-1), 9999);
});

// Eigenvalues of one look

test('a game’s eigenvalues stand in a plane of equal axes with both lines through 0, and bars both ways', () => {
  const [look] = pairs([[0, [0.5, -1], [0.1, 0.2], [2, -2]]]);
  const { data, layout, caption } = plane(look, options());
  assert.deepEqual([data[0].x, data[0].y], [[0.5, -1], [2, -2]]);
  assert.deepEqual([data[0].error_x.array, data[0].error_y.array], [[0.1, 0.2], [0.1, 0.2]]);
  assert.deepEqual([layout.yaxis.scaleanchor, layout.yaxis.scaleratio, layout.xaxis.zeroline, layout.yaxis.zeroline], ['x', 1, true, true]);
  assert.equal(caption, 'Re λ −1 … 0.500 · residual ≤ 0.200, 8.9 % of its |λ| · 12 products');
  assert.deepEqual(planeExtents(look), { x: [-1.2, 0.6], y: [-2.2, 2.1] });
});

test('a plane always has 0 in it', () => {
  const [look] = pairs([[0, [5], [0], [3]]]);
  assert.deepEqual(planeExtents(look), { x: [0, 5], y: [0, 3] });
});

test('a Hessian’s eigenvalues stand by rank, largest first, each bar with its own value', () => {
  const { data, layout } = plane(pairs([[0, [1, 9, 4], [0.1, 0.9, 0.4]]])[0], options());
  assert.deepEqual([data[0].x, data[0].y, data[0].error_y.array], [[1, 2, 3], [9, 4, 1], [0.9, 0.4, 0.1]]);
  assert.equal(data[0].error_x, undefined);
  assert.equal(layout.yaxis.scaleanchor, undefined);
});

test('eigenvalues of one look: none, none that converged, and what is not finite', () => {
  assert.deepEqual([plane(null, options()).data, planeExtents(null)], [[], { x: null, y: null }]);
  assert.equal(plane(pairs([[0, [], []]])[0], options()).caption, 'none converged · 12 products');
  const broken = plane(pairs([[0, [1, NaN, 2], [Infinity, 0, 0.5], [0, 0, NaN]]])[0], options());
  assert.deepEqual([broken.data[0].x, broken.notes], [[1], ['not finite: 2']]);
  assert.match(broken.caption, /1 without a finite residual/);
});

// Densities

test('a density has a band of one standard error each way', () => {
  const [band, line] = density([curve([0, 1], [2, 4], [0.5, 1])], options({ isHistogram: false })).data;
  assert.deepEqual([band.x, band.y, band.fill], [[0, 1, 1, 0, null], [2.5, 5, 3, 1.5, null], 'toself']);
  assert.deepEqual([line.x, line.y, line.line.shape], [[0, 1], [2, 4], 'linear']);
});

test('histograms of real and generated scores lie over one another, each with its bars, colour and dash', () => {
  const { data, layout } = density([curve([0, 1], [2, 4], [0.5, 1]), curve([1, 2], [1, 1], [0.1, 0.1], { label: 'fake', role: 'G', dash: 'dash' })], options({ isHistogram: true }));
  assert.equal(data.length, 2);
  assert.deepEqual(data.map(({ line }) => [line.color, line.dash, line.shape]), [[COLOURS.roles.real, 'solid', 'hvh'], [COLOURS.roles.G, '6px,3px', 'hvh']]);
  assert.deepEqual(data.map(({ error_y: bars }) => bars.array), [[0.5, 1], [0.1, 0.1]]);
  assert.deepEqual(layout.annotations.map(({ text }) => text), ['density', 'logit']);
});

test('on a log axis 0 is a gap and counted, and a band that reaches below 0 goes to the axis’ end', () => {
  const [band, line] = density([curve([0, 1, 2], [1, 0, 1], [2, 0, 0.5])], options({ log: true, isHistogram: false, ranges: { x: [0, 2], y: [1e-3, 10] } })).data;
  assert.deepEqual(line.y, [1, null, 1]);
  assert.deepEqual(band.y, [3, 1e-3, null, 1.5, 0.5, null]);
  assert.deepEqual(density([curve([0], [0], [0])], options({ log: true, isHistogram: false, ranges: { x: [0, 1], y: [1, 10] } })).notes, ['≤ 0, hidden on a log axis: 1']);
});

test('densities: nothing, one point, and what is not finite breaks the band and is counted', () => {
  assert.deepEqual([density([], options({ isHistogram: false })).data, densityExtents([], false)], [[], { x: null, y: null }]);
  const [one] = density([curve([3], [1], [0.1])], options({ isHistogram: false })).data;
  assert.deepEqual([one.mode, one.error_y.array], ['markers', [0.1]]);
  const { data: [band, line], notes } = density([curve([0, 1, 2], [1, NaN, 1], [0, 0, NaN])], options({ isHistogram: false }));
  assert.deepEqual([line.y, band.x, notes], [[1, null, 1], [0, 0, null], ['not finite: 2']]);
});

test('10,000 places become at most two a pixel each way, and keep the peak, the trough and the ends', () => {
  const at = Array.from({ length: 10_000 }, (_, index) => index);
  const values = at.map((place) => (place === 4567 ? 99 : place === 7777 ? 0 : 1));
  const line = density([curve(at, values, at.map(() => 0.1))], options({ width: 200, isHistogram: false })).data[1];
  assert.ok(line.x.length <= 402, `${line.x.length} points`);
  assert.deepEqual([Math.max(...line.y), Math.min(...line.y), line.x[0], line.x.at(-1)], [99, 0, 0, 9999]);
});

test('the extents of densities have room for the error, and 0', () => {
  assert.deepEqual(densityExtents([curve([0, 5], [2, 4], [0.5, 1])], false), { x: [0, 5], y: [0, 5] });
  assert.deepEqual(densityExtents([curve([0, 5], [2, 0], [0.5, 1])], true), { x: [0, 5], y: [2, 2] });
});

test('a label with markup stays text', () => {
  const [line] = density([curve([1], [1], [0], { label: '<b>' })], options({ isHistogram: true })).data;
  assert.equal(line.name, '&lt;b&gt;');
  assert.ok(line.hovertemplate.startsWith('&lt;b&gt;,'));
});

// How they are held

const ANSWER = {
  name: 'spectrum.d.conv1', kind: 'spectrum', cursor: '100-0', steps: [0, 10, 20],
  looks: [{ step: 0, body: { series: 'spectrum.d.conv1', values: [1, 'NaN'] } }, { step: 20, body: { series: 'spectrum.d.conv1', values: [3, 2] } }],
};

test('an answer is held with its numbers as numbers, and is not changed', () => {
  const before = structuredClone(ANSWER);
  const looks = looksFrom(ANSWER);
  assert.deepEqual(heldLooks(looks).map(({ step, body }) => [step, body.values]), [[0, [1, NaN]], [20, [3, 2]]]);
  addLook(looks, { step: 30, body: { values: ['Infinity'] }, id: '101-0' });
  assert.deepEqual(looks.bodies.get(30).values, [Infinity]);
  assert.deepEqual(ANSWER, before);
});

test('a look that the answer knew changes nothing; a newer one of a step takes the place of the old', () => {
  const looks = looksFrom(ANSWER);
  assert.equal(addLook(looks, { step: 5, body: { values: [9] }, id: '100-0' }), false);
  assert.deepEqual(looks.steps, [0, 10, 20]);
  assert.equal(addLook(looks, { step: 10, body: { values: [9] }, id: '100-1' }), true);
  assert.deepEqual([looks.steps, looks.bodies.get(10).values], [[0, 10, 20], [9]]);
});

test('too many bodies are thinned by place, all steps stay known, and the newest and the asked one stay', () => {
  const looks = emptyLooks('s', 'spectrum');
  for (let index = 0; index <= MOST_BODIES; index += 1) addLook(looks, { step: index * 10, body: { values: [index] }, id: `1-${index}` });
  assert.equal(looks.steps.length, MOST_BODIES + 1);
  assert.deepEqual([...looks.bodies.keys()].slice(0, 3), [0, 20, 40]);
  assert.ok(looks.bodies.size <= MOST_BODIES / 2 + 1);
  assert.ok(looks.bodies.has(MOST_BODIES * 10));
  for (let index = 0; index < MOST_BODIES; index += 1) holdBody(looks, index * 10, { values: [index] });
  assert.ok(looks.bodies.size <= MOST_BODIES);
  holdBody(looks, 10, { values: [1] });
  assert.ok(looks.bodies.has(10));
});

function run() {
  return openRun({ id: 'r', status: 'running', spec: {}, step: 0, steps: 10, attempt: 1, knobs: [], attributes: {}, latest: {}, cursor: '0-0' });
}
const event = (id, kind, step, body) => ({ id, run: 'r', attempt: 1, source: 'trainer', step, time: 1, kind, body });
const said = (id, step, values = [1]) => event(id, 'spectrum', step, { series: 'spectrum.d.conv1', values });

test('live looks reach only the series that is shown; the others are known by name', () => {
  const open = run();
  assert.deepEqual(applyEvent(open, said('1-0', 1)), ['run', 'infos']);
  assert.equal(open.infos.get('spectrum.d.conv1').kind, 'spectrum');
  assert.equal(open.looks.size, 0);
  open.looks.set('spectrum.d.conv1', emptyLooks('spectrum.d.conv1', 'spectrum'));
  assert.deepEqual(applyEvent(open, said('2-0', 2)), ['run', 'looks']);
  assert.deepEqual(open.looks.get('spectrum.d.conv1').steps, [2]);
});

test('looks that came while their series was fetched are filled in, those of others are not', () => {
  const open = run();
  open.looks.set('spectrum.d.conv1', emptyLooks('spectrum.d.conv1', 'spectrum', '1-0'));
  replayLooks(open, 'spectrum.d.conv1', [said('1-0', 1), said('2-0', 2), event('3-0', 'density', 3, { series: 'scores.real', at: [], density: [], stderr: [] })]);
  assert.deepEqual(open.looks.get('spectrum.d.conv1').steps, [2]);
});

test('a new attempt goes back: later looks leave, unless the answer is newer than it', () => {
  const open = run();
  for (const [name, cursor] of [['a', '0-0'], ['b', '99-0']]) {
    open.looks.set(name, emptyLooks(name, 'spectrum', cursor));
    for (const step of [1, 5, 9]) holdBody(open.looks.get(name), step, { values: [] });
    open.looks.get(name).steps.push(1, 5, 9);
  }
  applyEvent(open, { ...event('50-0', 'run.status', 5, { status: 'running', from_step: 5 }), attempt: 2 });
  assert.deepEqual([open.looks.get('a').steps, [...open.looks.get('a').bodies.keys()]], [[1, 5], [1, 5]]);
  assert.deepEqual(open.looks.get('b').steps, [1, 5, 9]);
});

test('the look of a step is the last at or before the cursor, held or not', () => {
  const looks = looksFrom(ANSWER);
  assert.deepEqual([null, 20, 19, 10, 0].map((cursor) => stepAt(looks.steps, cursor)), [20, 20, 10, 10, 0]);
  assert.equal(looks.bodies.get(10), undefined, 'known, and asked for when the cursor is there');
});

// Which there are

test('a matrix and a player’s eigenvalues are a picture each, real and generated scores are one', () => {
  const open = run();
  for (const [kind, ...names] of [
    ['spectrum', 'spectrum.d.conv1', 'spectrum.g.dense'], ['eigenvalues', 'hessian.g.eigenvalues', 'game_jacobian.eigenvalues'],
    ['density', 'hessian_density.g', 'hessian_density.d', 'scores.real', 'scores.fake'], ['scalar', 'spectrum.d.conv1.sigma'],
  ]) for (const name of names) open.infos.set(name, { name, kind });
  const shown = (kind) => choicesOf(open, kind).map(({ label, members }) => [label, ...members.map(({ name, role }) => `${name} ${role}`)]);
  assert.deepEqual(shown('spectrum'), [['D conv1', 'spectrum.d.conv1 D'], ['G dense', 'spectrum.g.dense G']]);
  assert.deepEqual(shown('eigenvalues'), [['G hessian', 'hessian.g.eigenvalues G'], ['game jacobian', 'game_jacobian.eigenvalues penalty']]);
  assert.deepEqual(shown('density'), [['G hessian density', 'hessian_density.g G'], ['D hessian density', 'hessian_density.d D'], ['scores', 'scores.real real', 'scores.fake G']]);
  assert.deepEqual(choicesOf(open, 'density').map(({ isHistogram, isLog }) => [isHistogram, isLog]), [[false, true], [false, true], [true, false]]);
  assert.deepEqual(choicesOf(run(), 'spectrum'), []);
});

test('an empty instrument says what it waits for', () => {
  const open = run();
  assert.equal(instrumentWaitsFor(open, false), 'Loading …');
  assert.equal(instrumentWaitsFor(open, true), 'Waiting for the first look.');
  open.run.status = 'finished';
  assert.equal(instrumentWaitsFor(open, true), 'The run ended before this was measured.');
});
