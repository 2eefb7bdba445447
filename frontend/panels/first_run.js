// @ts-check
/** What a fresh installation shows instead of an empty table: one button, and what one will see. */

import { get } from '../lib/connection.js';
import { h, setText, svgElement } from '../lib/dom.js';

/** Its steps take two milliseconds, so the first picture is there at once and the collapse within seconds. */
const RECIPE = 'ring-collapse';
const SENTENCE = /^.+?[.!?](?=\s|$)/;
const AGAIN_MS = 5000;
const NO_WORKER = 'No worker is online, so the run would wait. Start one with “python -m worker” on this machine or another, or the whole stack with “modescope up”.';

/**
 * @param {import('../lib/store.js').Store} store
 * @param {(recipe: string) => Promise<void>} launch
 */
export function firstRun(store, launch) {
  const title = h('h2', { text: 'No run yet' });
  const look = h('p', { class: 'words' });
  const meta = h('p', { class: 'meta' });
  const problem = h('p', { class: 'notice', role: 'status', testid: 'no-worker' });
  const button = h('button', { type: 'button', class: 'primary', testid: 'first-run', on: { click: () => begin() } });
  const element = h('section', { class: 'panel first-run', hidden: true, 'aria-label': 'The first run', testid: 'first-run-panel' }, picture(),
    h('div', { class: 'first-words' }, title, look, meta, problem, h('div', { class: 'row' }, button, h('a', { class: 'button', href: '/launch', text: 'Build another' }))));
  const recipe = () => {
    const known = store.state.catalogue?.recipes ?? [];
    return known.find(({ name }) => name === RECIPE) ?? known[0] ?? null;
  };
  const begin = async () => {
    const chosen = recipe();
    if (chosen === null) return;
    button.disabled = true;
    await launch(chosen.name);
    button.disabled = false;
  };
  const show = () => {
    const { runs, catalogue, catalogueProblem } = store.state;
    element.hidden = runs === null || runs.length > 0;
    const chosen = recipe();
    button.hidden = chosen === null;
    setText(button, `Launch “${chosen?.title ?? ''}”`);
    setText(look, chosen === null ? '' : `${chosen.look.match(SENTENCE)?.[0] ?? chosen.look} You will see it happen live: the points, both losses, the modes.`);
    setText(meta, chosen === null ? '' : `${chosen.name} · ${chosen.duration} · one click, and stopping takes another`);
    if (catalogue === null) setText(problem, catalogueProblem ?? 'Asking the workers what they can do …');
  };
  const askWorkers = async () => {
    if (element.hidden || document.hidden || store.state.catalogue === null) return;
    const workers = await get('/workers').catch(() => null); // what is wrong then, the list itself says
    if (workers !== null) setText(problem, workers.items.length > 0 ? '' : NO_WORKER);
  };
  const stop = store.subscribe(['runs', 'catalogue'], () => {
    const wasHidden = element.hidden;
    show();
    if (wasHidden !== element.hidden || problem.textContent !== '') askWorkers();
  });
  const timer = window.setInterval(askWorkers, AGAIN_MS);
  show();
  return {
    element,
    dispose: () => {
      stop();
      window.clearInterval(timer);
    },
  };
}

/** Eight modes of the data as rings, and what a collapsed G makes: everything on one of them. */
function picture() {
  const rings = Array.from({ length: 8 }, (_, k) => {
    const [x, y] = [Math.cos((k * Math.PI) / 4), Math.sin((k * Math.PI) / 4)];
    return svgElement('circle', { class: 'first-real', cx: String(90 + 62 * x), cy: String(90 + 62 * y), r: '9' });
  });
  // A sunflower's seeds: even, and the same each time.
  const dots = Array.from({ length: 34 }, (_, k) => {
    const [radius, angle] = [2.1 * Math.sqrt(k), k * 2.39996];
    return svgElement('circle', { class: 'first-fake', cx: String(134 + radius * Math.cos(angle)), cy: String(46 + radius * Math.sin(angle)), r: '1.8' });
  });
  const svg = svgElement('svg', { class: 'first-picture', viewBox: '0 0 180 180', width: '180', height: '180', role: 'img', 'aria-label': 'Eight rings of real data; every generated point lies on one of them' });
  svg.append(...rings, ...dots);
  return svg;
}
