// @ts-check
/** The 2-D view: real and generated points over D's surface, with the slope that G feels, at the cursor's step. */

import { getMeasurement, Problem } from '../lib/connection.js';
import { h, setAttribute, setText } from '../lib/dom.js';
import { integer, number } from '../lib/format.js';
import { between, glider } from '../lib/glide.js';
import { pickSeries } from '../lib/grids.js';
import { newestFirst, recentlyUsed } from '../lib/latest.js';
import { layersShown, toggleLayer } from '../lib/layers.js';
import { drawCloud } from './cloud_canvas.js';
import { cloudSavings } from './cloud_savings.js';
import { waiting } from './panel.js';
import { stepAt, stepper } from './stepper.js';

/** Looks that are kept, so that the cursor goes back without asking. */
const MOST_KEPT = 64;
/** Looks that come faster than this, while the page follows the run, are not glided to: it would never stand still. */
const SLOW_MS = 1000;

/** @typedef {{step: number, body: any}} Look */

/**
 * @param {import('../lib/store.js').Store} store
 * @param {ReturnType<import('../lib/painter.js').createPainter>} painter
 * @param {HTMLElement[]} [tools] buttons beside the slider
 * @returns {import('./pictures.js').Content}
 */
export function cloud(store, painter, tools = []) {
  const canvas = h('canvas', { class: 'cloud', testid: 'points-view', role: 'img', 'aria-label': 'Points' });
  const notes = h('p', { class: 'meta cloud-notes' });
  const legend = layerButtons(store);
  const wait = waiting();
  const stage = h('div', { class: 'stage' }, canvas, wait);
  const control = stepper(store, 'Points', tools);
  const element = h('div', { class: 'samples' }, stage, legend.element, notes, control.element);
  /** @type {ReturnType<typeof recentlyUsed<Look>>} */
  const kept = recentlyUsed(MOST_KEPT);
  /** @type {Look | null} */
  let shown = null;
  /** @type {any[][]} */
  let before = [];
  let wanted = '';
  let arrived_ms = 0;
  let hidden = store.state.view.choice.hidden;

  const draw = (/** @type {number} */ share) => {
    if (shown === null) return;
    const side = Math.floor(Math.min(stage.clientWidth, stage.clientHeight));
    if (side <= 0) return;
    const { generated } = shown.body;
    const body = share < 1 ? { ...shown.body, generated: between(before, generated, share) } : shown.body;
    const { notes: lost, steepest } = drawCloud(canvas, body, side, layersShown(store.state.view.choice));
    legend.show(steepest);
    setText(notes, lost.join(' · '));
    canvas.setAttribute('aria-label', `Points at step ${shown.step}`);
    canvas.dataset.step = String(shown.step);
  };
  const glide = glider(draw);
  const painting = painter.add(element, () => draw(1));

  /** @param {Look} look */
  const put = (look) => {
    const now = performance.now();
    const isCalm = store.state.view.cursor !== null || now - arrived_ms > SLOW_MS;
    before = shown?.body.generated ?? [];
    arrived_ms = now;
    shown = look;
    glide.stop();
    if (isCalm && before.length > 0) glide.start();
    else painting.request();
  };
  const fetchLook = newestFirst(async (/** @type {{key: string, run: string, series: string, step: number}} */ { key, run, series, step }) => {
    const body = await getMeasurement(run, series, step).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      setText(notes, `step ${integer(step)}: ${error.message}`);
      return null;
    });
    if (body === null || store.state.open?.run.id !== run) return;
    kept.put(key, { step, body });
    put({ step, body });
  });

  const show = () => {
    const { open, view } = store.state;
    if (open === null) return;
    const series = pickSeries(open.clouds, 'points');
    const steps = series === null ? [] : (open.clouds.get(series) ?? []);
    const step = stepAt(steps, view.cursor);
    control.update(steps, step, view.cursor);
    wait.hidden = step !== null;
    setText(wait, 'The first points come with the first step.');
    const { id: run, attempt } = open.run;
    const key = `${attempt} ${series} ${step}`;
    if (series === null || step === null || key === wanted) return;
    wanted = key;
    const newest = open.newestCloud.get(series);
    const held = newest?.step === step ? newest : kept.get(key);
    if (held !== undefined) put(held);
    else fetchLook({ key, run, series, step });
  };

  const showLayers = () => {
    if (store.state.view.choice.hidden === hidden) return;
    hidden = store.state.view.choice.hidden;
    painting.now();
  };
  const resize = new ResizeObserver(painting.now);
  resize.observe(stage);
  const stops = [store.subscribe(['points', 'view', 'run'], show), store.subscribe(['theme'], painting.now), store.subscribe(['view'], showLayers)];
  show();
  return {
    element,
    words: () => (shown === null ? '' : `step ${integer(shown.step)}`),
    savings: () => {
      const { open } = store.state;
      const series = open === null ? null : pickSeries(open.clouds, 'points');
      return open === null || series === null || shown === null ? [] : cloudSavings(open, series, shown);
    },
    dispose: () => {
      stops.forEach((stop) => stop());
      glide.stop();
      painting.remove();
      resize.disconnect();
    },
  };
}

/** The legend: each of its entries shows or hides what it stands for. @param {import('../lib/store.js').Store} store */
function layerButtons(store) {
  const layer = (/** @type {import('../lib/layers.js').Layer} */ name, /** @type {string} */ title, /** @type {(Node | string)[]} */ ...content) => (
    h('button', { type: 'button', class: 'plain layer', title, testid: `layer-${name}`, data: { layer: name }, on: { click: () => store.change(['view'], ({ view }) => toggleLayer(view.choice, name)) } }, ...content));
  const buttons = [
    layer('real', 'Real points, the same at every look', h('i', { class: 'ring-real' }), 'real'),
    layer('generated', 'What G makes of the same latents at every look', h('i', { class: 'dot-G' }), 'generated'),
    layer('slopes', '', '→ D’s slope'),
    layer('surface', 'D’s probability that a point is real', 'D: fake', h('i', { class: 'ramp' }), 'real'),
  ];
  return {
    element: h('p', { class: 'meta cloud-legend', role: 'group', 'aria-label': 'Layers' }, ...buttons),
    /** @param {number | null} steepest */
    show(steepest) {
      const shown = layersShown(store.state.view.choice);
      for (const button of buttons) setAttribute(button, 'aria-pressed', String(shown.has(/** @type {any} */ (button.dataset.layer))));
      buttons[2].hidden = steepest === null;
      setAttribute(buttons[2], 'title', `The gradient of D’s logit at 64 generated points, up the surface. The longest arrow: ${number(steepest ?? undefined)} logits per unit`);
    },
  };
}
