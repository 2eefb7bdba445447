// @ts-check
/** Which charts a run's page has, and which series each of them can show. */

/**
 * @typedef {object} Trace
 * @property {string} name
 * @property {string} label
 * @property {string} role
 * @property {'solid' | 'dash' | 'dot' | 'dashdot'} dash
 *
 * @typedef {object} View one set of series that a chart can show
 * @property {string} id
 * @property {string} label
 * @property {Trace[]} traces
 * @property {[number, number] | null} fixed range of the values where it is known beforehand
 * @property {boolean} fromZero whether the axis of a count begins at 0
 *
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {View[]} views the first is shown unless another is chosen
 * @property {boolean} log whether its values start out on a log axis
 * @property {boolean} isWide
 */

/** Colours for series that are neither D's nor G's, in the order in which they differ most. */
const FREE_ROLES = ['real', 'penalty', 'extra2', 'extra1', 'D', 'G'];

/** First words of the series that have a chart, or a view in the last one, whatever the run is made of. */
const KNOWN = new Set(['loss', 'logit', 'auxiliary', 'samples', 'modes', 'diversity', 'gradient', 'penalty', 'weighted', 'speed', 'knob', 'cost']);
/** Series of single components that fall by powers of ten. */
const LOG_OF_ITS_OWN = new Set(['duality_gap']);

const SHARE = /** @type {[number, number]} */ ([0, 1]);

/**
 * @param {import('./store.js').RunState} open
 * @returns {Chart[]} in the order in which they stand: six cells, two a row
 */
export function plan(open) {
  const { run, infos } = open;
  const names = new Set(infos.keys());
  const isAnnounced = [...infos.values()].some(({ kind }) => kind === 'scalar');
  const isLabelled = isAnnounced ? names.has('loss.d.auxiliary') : run.spec.conditioning?.name !== 'none';
  const hasModes = !isAnnounced || names.has('modes.captured');
  const accuracies = accuracyViews(run, names, isAnnounced, isLabelled);
  const charts = [
    chart('losses', 'Losses', lossViews(isLabelled)),
    ...(isLabelled ? [chart('auxiliary', 'Label losses', labelViews(Object.keys(run.attributes)))] : []),
    ...(accuracies.length > 0 ? [chart('accuracies', 'Accuracies', accuracies)] : []),
    ...(hasModes ? [chart('modes', 'Modes', modeViews())] : []),
  ];
  charts.push(chart('gradients', 'Gradient norms', [players('norms', 'norms', 'gradient.d.norm', 'gradient.g.norm')], true));
  if (charts.length < 5) charts.splice(-1, 0, chart('scores', 'Logits of D', [logitView()]));
  const isScored = charts.some(({ id }) => id === 'scores');
  const own = ownViews([...infos.values()].filter(({ kind }) => kind === 'scalar').map(({ name }) => name));
  const title = own.length > 0 ? 'Of this game' : isScored ? 'Other series' : 'Logits of D';
  charts.push(chart('more', title, [...own, ...moreViews(names, isScored)], own.some(({ id }) => LOG_OF_ITS_OWN.has(id))));
  charts[0].isWide = charts.length % 2 === 1 || charts.length < 5;
  charts[charts.length - 1].isWide = charts.length === 4;
  return charts;
}

/**
 * The view that a chart shows.
 * @param {Chart} chart
 * @param {Record<string, string>} choice
 * @returns {View}
 */
export function chosen({ id, views }, choice) {
  return views.find((view) => view.id === choice[id]) ?? views[0];
}

/** @param {string} id @param {string} title @param {View[]} views @param {boolean} [log] @returns {Chart} */
function chart(id, title, views, log = false) {
  return { id, title, views, log, isWide: false };
}

/** @param {string} id @param {string} label @param {Trace[]} traces @param {[number, number] | null} [fixed] @returns {View} */
function view(id, label, traces, fixed = null) {
  return { id, label, traces, fixed, fromZero: false };
}

/** @param {string} id @param {string} label @param {string} d @param {string} g */
function players(id, label, d, g) {
  return view(id, label, [
    { name: d, label: 'D', role: 'D', dash: 'solid' },
    { name: g, label: 'G', role: 'G', dash: 'dash' },
  ]);
}

/** @param {boolean} isLabelled */
function lossViews(isLabelled) {
  const total = players('total', 'whole', 'loss.d', 'loss.g');
  const adversarial = players('adversarial', 'adversarial', 'loss.d.adversarial', 'loss.g.adversarial');
  return isLabelled ? [adversarial, total] : [total, adversarial];
}

/** @param {string[]} attributes */
function labelViews(attributes) {
  const of = (/** @type {string} */ prefix) =>
    attributes.map((attribute, index) => free(`${prefix}.${attribute}.loss`, attribute, index));
  return [
    players('players', 'weighted', 'loss.d.auxiliary', 'loss.g.auxiliary'),
    view('d', 'D by attribute', of('auxiliary')),
    view('g', 'G by attribute', of('samples')),
  ];
}

/** @param {import('./types.js').Run} run @param {Set<string>} names @param {boolean} isAnnounced @param {boolean} isLabelled */
function accuracyViews(run, names, isAnnounced, isLabelled) {
  const attributes = Object.keys(run.attributes);
  /** @type {(prefix: string, word: string, dash: 'solid' | 'dash') => Trace[]} */
  const of = (prefix, word, dash) =>
    attributes.flatMap((attribute, index) => {
      const name = `${prefix}.${attribute}.accuracy`;
      const isThere = isAnnounced ? names.has(name) : isLabelled;
      return isThere ? [{ ...free(name, `${attribute} ${word}`, index), dash }] : [];
    });
  const real = of('auxiliary', 'real', 'solid');
  const fake = of('samples', 'fake', 'dash');
  if (real.length === 0 && fake.length === 0) return isAnnounced || !isLabelled ? [] : [view('both', 'both', [], SHARE)];
  return [
    view('both', real.length > 0 && fake.length > 0 ? 'real and fake' : 'all', [...real, ...fake], SHARE),
    ...(real.length > 0 && fake.length > 0
      ? [view('real', 'D’s heads on real', real, SHARE), view('fake', 'judge on samples', fake, SHARE)]
      : []),
  ];
}

function modeViews() {
  return [
    { ...view('captured', 'captured', [free('modes.captured', 'modes', 0)]), fromZero: true },
    view('quality', 'high-quality share', [free('modes.high_quality', 'share', 0)], SHARE),
    view('kl', 'reverse KL', [free('modes.reverse_kl', 'nats', 1)]),
  ];
}

function logitView() {
  return view('logits', 'logits', [
    { name: 'logit.real', label: 'real', role: 'real', dash: 'dot' },
    { name: 'logit.fake', label: 'fake', role: 'G', dash: 'dash' },
  ]);
}

/** @param {Set<string>} names @param {boolean} isScored whether D's logits have a chart of their own */
function moreViews(names, isScored) {
  const groups = [
    ['diversity', 'diversity'], ['penalty', 'penalties'], ['weighted', 'penalties, weighted'], ['speed', 'speed'], ['knob', 'knobs'], ['optimiser', 'learning rates'], ['cost', 'cost of watching (ms)'],
  ].flatMap(([prefix, label]) => {
    const members = [...names].filter((name) => name.startsWith(`${prefix}.`) && (prefix !== 'optimiser' || name.endsWith('.rate'))).sort();
    return members.length === 0 ? [] : [view(prefix, label, members.map((name, index) => free(name, tail(name), index)))];
  });
  const speed = view('speed', 'speed', [free('speed.steps_per_s', 'steps/s', 0)]);
  if (!isScored) return [logitView(), ...groups];
  return groups.length > 0 ? groups : [speed];
}

/**
 * What only this run's components measure, a view a component: duality gap, BEGAN's k, sharpest eigenvalues. Learning
 * rates are no news unless they follow a schedule: they are among the other series.
 * @param {string[]} names
 */
function ownViews(names) {
  const others = names.filter((name) => !KNOWN.has(name.split('.')[0]) && !name.endsWith('.rate'));
  const prefixes = [...new Set(others.map((name) => name.slice(0, name.lastIndexOf('.'))))];
  return prefixes.map((prefix) => {
    const members = others.filter((name) => name.slice(0, name.lastIndexOf('.')) === prefix);
    return view(prefix, prefix.replaceAll('_', ' '), members.map((name, index) => free(name, name.slice(prefix.length + 1), index)));
  });
}

/** @param {string} name */
function tail(name) {
  return name.slice(name.indexOf('.') + 1);
}

/** @param {string} name @param {string} label @param {number} index @returns {Trace} */
function free(name, label, index) {
  const dashes = /** @type {const} */ (['solid', 'dash', 'dashdot', 'dot']);
  const dash = dashes[Math.floor(index / FREE_ROLES.length) % dashes.length];
  return { name, label, role: FREE_ROLES[index % FREE_ROLES.length], dash };
}
