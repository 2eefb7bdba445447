// @ts-check
/**
 * Spectra, eigenvalues or densities: above, how they went over the steps; below, what they are at the cursor's step.
 * A density is drawn at the cursor's step alone.
 */

import { figure as density, extents as densityExtents } from '../charts/density.js';
import { figure as eigenvalues, extents as eigenvalueExtents } from '../charts/eigenvalues.js';
import { figure as heatmap } from '../charts/heatmap.js';
import { figure as plane, extents as planeExtents } from '../charts/plane.js';
import { figure as spectrum, extents as spectrumExtents } from '../charts/spectrum.js';
import { h, setAttribute, swatch } from '../lib/dom.js';
import { integer } from '../lib/format.js';
import { choicesOf, instrumentWaitsFor, INSTRUMENTS } from '../lib/instruments.js';
import { heldLooks } from '../lib/looks.js';
import { stepRange } from '../lib/ranges.js';
import { palette } from '../lib/theme.js';
import { DASH_ARRAYS } from './chart_header.js';
import { instrumentPlot } from './instrument_plot.js';
import { instrumentSavings } from './instrument_savings.js';
import { stepAt, stepper } from './stepper.js';

/** A dragged cursor or zoom asks for measurements when it has been still for so long. */
const STILL_MS = 120;

/**
 * @typedef {import('../lib/instruments.js').Choice} Choice
 * @typedef {import('../lib/store.js').RunState} RunState
 */

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {import('../lib/live_looks.js').LiveLooks} looks
 * @param {import('../lib/instruments.js').Kind} kind
 * @param {HTMLElement[]} [extras] buttons beside the slider
 * @returns {import('./pictures.js').Content}
 */
export function instrument(store, painter, looks, kind, extras = []) {
  const change = (/** @type {(view: import('../lib/store.js').View) => void} */ how) => store.change(['view'], ({ view }) => how(view));
  const picker = h('select', { class: 'small', testid: `pick-${kind}`, 'aria-label': `${INSTRUMENTS[kind]}: which`, on: { change: () => change((view) => (view.choice[kind] = picker.value)) } });
  const logButton = h('button', {
    type: 'button', class: 'plain small', text: 'log', title: 'Logarithmic scale', testid: `log-${kind}`, on: { click: () => change((view) => (view.log[logKey(chosen())] = !isLog(chosen()))) },
  });
  const control = stepper(store, INSTRUMENTS[kind], extras);
  const onReady = () => painting.now();
  const overSteps = instrumentPlot(`${kind}-over-steps`, {
    onReady, onZoom: (range) => change((view) => (view.range = range)), onStep: (step) => change((view) => (view.cursor = step)),
  });
  const atStep = instrumentPlot(`${kind}-at-step`, { onReady });
  const plots = kind === 'density' ? [atStep] : [overSteps, atStep];
  const legend = h('span', { class: 'values' });
  const tools = h('div', { class: 'instrument-tools' }, picker, legend, logButton);
  const element = h('div', { class: `samples instrument instrument-${kind}` }, tools, ...plots.map((plot) => plot.element), control.element);
  let timer = 0;
  let asked = '';
  let isWaiting = true;

  const chosen = () => {
    const { open, view } = store.state;
    const choices = open === null ? [] : choicesOf(open, kind);
    return choices.find(({ id }) => id === view.choice[kind]) ?? choices[0] ?? null;
  };
  const logKey = (/** @type {Choice | null} */ choice) => `${kind} ${choice?.isHistogram ?? ''}`;
  const isLog = (/** @type {Choice | null} */ choice) => kind !== 'eigenvalues' && (store.state.view.log[logKey(choice)] ?? choice?.isLog ?? false);

  /** The step shown of a series, and what was measured there if that is held. @param {RunState} open @param {string} name */
  const current = (open, name) => {
    const all = open.looks.get(name);
    const step = stepAt(all?.steps ?? [], store.state.view.cursor);
    const body = step === null ? undefined : all?.bodies.get(step);
    return { step, look: step === null || body === undefined ? null : { step, body } };
  };

  const isThere = () => {
    const [choice, { open }] = [chosen(), store.state];
    return open !== null && choice !== null && choice.members.every(({ name }) => current(open, name).look !== null);
  };

  const paint = () => {
    const { open, view } = store.state;
    const choice = chosen();
    if (open === null || choice === null) return;
    const [{ name, role }] = choice.members;
    const log = isLog(choice);
    const key = `${open.run.id} ${choice.id} ${log}`;
    const waits = instrumentWaitsFor(open, open.looks.has(name));
    const held = heldLooks(open.looks.get(name));
    const { step, look } = current(open, name);
    const empty = step === null ? waits : `Loading step ${integer(step)} …`;
    isWaiting = look === null;
    const label = `${INSTRUMENTS[kind]} ${choice.label}`;
    const about = { empty, label: `${label} at step ${step ?? 'none'}` };
    const base = { uirevision: key, colours: palette(), role, log };
    atStep.element.classList.toggle('tall', held.some(({ body }) => Array.isArray(body.imaginary)));
    const [above, below] = [overSteps.room(), atStep.room()];
    if (above !== null && kind !== 'density') {
      const xRange = stepRange(view.range, Math.max(open.run.step, held[held.length - 1]?.step ?? 0));
      const { y } = overSteps.ranges(`${key} ${view.range}`, kind === 'spectrum' ? { x: null, y: null } : eigenvalueExtents(held, xRange), false);
      const drawn = (kind === 'spectrum' ? heatmap : eigenvalues)(held, { ...base, ...above, ranges: { x: xRange, y } });
      overSteps.draw(drawn, { empty: waits, label, steps: { open, range: xRange, cursor: view.cursor } });
    }
    if (below === null) return;
    if (kind === 'density') {
      const curves = choice.members.flatMap((member) => curveOf(member, current(open, member.name).look));
      const ranges = atStep.ranges(key, densityExtents(curves, log), log);
      atStep.draw(density(curves, { ...base, ...below, ranges, isHistogram: choice.isHistogram }), about);
    } else if (kind === 'spectrum') {
      atStep.draw(spectrum(look, { ...base, ...below, ranges: atStep.ranges(key, spectrumExtents(look, log), log) }), about);
    } else {
      atStep.draw(plane(look, { ...base, ...below, ranges: atStep.ranges(key, planeExtents(look), false) }), about);
    }
  };
  const painting = painter.add(element, paint);

  /** Asks for what is shown and not held: the series, the looks at the cursor, finer ones in a zoom. */
  const fetchLooks = () => {
    const { open, view } = store.state;
    const choice = chosen();
    if (open === null || choice === null) return;
    const names = choice.members.map(({ name }) => name);
    looks.show(names);
    const missing = names.map((name) => ({ name, ...current(open, name) })).filter(({ step, look }) => step !== null && look === null);
    const range = kind === 'density' || !open.looks.has(names[0]) ? null : view.range;
    // Armed once for each wish: a live run changes the store too often for a timer that starts anew with each change.
    const wish = JSON.stringify([open.run.id, missing.map(({ name, step }) => [name, step]), range === null ? null : [names[0], range]]);
    if (wish === asked) return;
    asked = wish;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      for (const { name, step } of missing) looks.at(name, /** @type {number} */ (step));
      if (range !== null) looks.within(names[0], range);
    }, STILL_MS);
  };

  /** What the colours stand for. @param {Choice} choice */
  const explain = (choice) => {
    const key = `${choice.id} ${isLog(choice)}`;
    if (legend.dataset.key === key) return;
    legend.dataset.key = key;
    const lines = choice.members.length < 2 ? [] : choice.members;
    legend.replaceChildren(...lines.map(({ label, role, dash }) => h('span', { class: 'value' }, swatch(role, DASH_ARRAYS[dash]), label)));
    const low = isLog(choice) ? 'σ/σ₁ ≤ 10⁻⁴' : 'σ/σ₁ 0';
    if (kind === 'spectrum') legend.replaceChildren(h('span', { class: 'value' }, low, h('i', { class: `ramp ramp-${choice.members[0].role}` }), '1'));
  };

  const show = () => {
    const { open, view } = store.state;
    const choice = chosen();
    if (open === null || choice === null) return;
    const choices = choicesOf(open, kind);
    const key = choices.map(({ id }) => id).join('\n');
    if (picker.dataset.key !== key) picker.replaceChildren(...choices.map(({ id, label }) => h('option', { value: id, text: label })));
    picker.dataset.key = key;
    picker.value = choice.id;
    explain(choice);
    setAttribute(picker, 'title', choice.members.map(({ name }) => `${name}: ${open.infos.get(name)?.meaning ?? ''}`).join('\n'));
    logButton.hidden = kind === 'eigenvalues';
    setAttribute(logButton, 'aria-pressed', String(isLog(choice)));
    const [{ name }] = choice.members;
    control.update(open.looks.get(name)?.steps ?? [], current(open, name).step, view.cursor);
    for (const plot of plots) if (plot.room() === null) plot.say(instrumentWaitsFor(open, false));
    fetchLooks();
  };
  const onView = () => {
    show();
    painting.now();
  };
  const onLooks = () => {
    show();
    // What a person waits for is drawn at once; what merely goes on, when it is its turn.
    if (isWaiting && isThere()) painting.now();
    else painting.request();
  };
  const resize = new ResizeObserver(painting.now);
  resize.observe(element);
  const stops = [store.subscribe(['looks', 'infos', 'run'], onLooks), store.subscribe(['view', 'theme', 'ledger', 'alarms'], onView)];
  show();
  return {
    element,
    words: () => {
      const { open } = store.state;
      const choice = chosen();
      const step = open === null || choice === null ? null : current(open, choice.members[0].name).step;
      return step === null ? '' : `step ${integer(step)}`;
    },
    savings: () => {
      const [choice, { open }] = [chosen(), store.state];
      if (open === null || choice === null) return [];
      const looks = choice.members.flatMap(({ name }) => {
        const { look } = current(open, name);
        return look === null ? [] : [{ ...look, name }];
      });
      return instrumentSavings({ open, kind, choice, log: isLog(choice), overSteps: overSteps.shown(), atStep: atStep.shown(), looks });
    },
    series: () => chosen()?.members[0].name ?? null,
    dispose: () => {
      stops.forEach((stop) => stop());
      window.clearTimeout(timer);
      resize.disconnect();
      painting.remove();
      plots.forEach((plot) => plot.dispose());
    },
  };
}

/** @param {import('../lib/instruments.js').Member} member @param {import('../lib/looks.js').Look | null} look */
function curveOf({ label, role, dash }, look) {
  return look === null ? [] : [{ label, role, dash, step: look.step, body: /** @type {any} */ (look.body) }];
}
