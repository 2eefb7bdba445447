// @ts-check
/** Which charts a run's page has, and which series each of them can show. */

/**
 * @typedef {object} Trace
 * @property {string} name
 * @property {string} label
 * @property {string} role
 * @property {'solid' | 'dash' | 'dot' | 'dashdot'} dash
 * @property {string} [error] series of its standard error, drawn as a band
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
const KNOWN = new Set(['loss', 'logit', 'auxiliary', 'samples', 'modes', 'gradient', 'penalty', 'weighted', 'speed', 'knob', 'cost']);

/** First words of the instruments' scalars, by the chart whose views they are. @type {Record<string, string[]>} */
const INSTRUMENT_WORDS = {
  modes: ['coverage', 'frechet', 'vendi', 'ndb', 'diversity', 'birthday', 'nearest_real', 'ms_ssim'],
  gradients: ['gradient', 'input_gradient', 'movement'],
  more: ['spectrum', 'hessian', 'hessian_density', 'game_jacobian', 'sharpness_line', 'scores', 'batch_norm', 'memory', 'resources'],
};
const OF_INSTRUMENTS = new Set(Object.values(INSTRUMENT_WORDS).flat());
/** Series of single components that fall by powers of ten. */
const LOG_OF_ITS_OWN = new Set(['duality_gap']);

const SHARE = /** @type {[number, number]} */ ([0, 1]);

/**
 * @param {import('./store.js').RunState} open
 * @returns {Chart[]} in the order in which they stand: six cells, two a row
 */
export function plan(open) {
  const { run, infos } = open;
  const names = new Set([...infos.values()].filter(({ kind }) => kind === 'scalar').map(({ name }) => name));
  const isAnnounced = names.size > 0;
  const isLabelled = isAnnounced ? names.has('loss.d.auxiliary') : run.spec.conditioning?.name !== 'none';
  const coverage = instrumentViews(infos, names, 'modes');
  const hasModes = !isAnnounced || names.has('modes.captured') || coverage.length > 0;
  const accuracies = accuracyViews(run, names, isAnnounced, isLabelled);
  const charts = [
    chart('losses', 'Losses', lossViews(isLabelled)),
    ...(isLabelled ? [chart('auxiliary', 'Label losses', labelViews(Object.keys(run.attributes)))] : []),
    ...(accuracies.length > 0 ? [chart('accuracies', 'Accuracies', accuracies)] : []),
    ...(hasModes ? [chart('modes', names.has('modes.captured') || coverage.length === 0 ? 'Modes' : 'Coverage', [...modeViews(names, isAnnounced), ...coverage])] : []),
  ];
  const gradients = instrumentViews(infos, names, 'gradients');
  charts.push(chart('gradients', gradients.length > 0 ? 'Gradients' : 'Gradient norms', [players('norms', 'norms', 'gradient.d.norm', 'gradient.g.norm'), ...gradients], true));
  if (charts.length < 5) charts.splice(-1, 0, chart('scores', 'Logits of D', [logitView()]));
  const isScored = charts.some(({ id }) => id === 'scores');
  const own = ownViews([...names]);
  const title = own.length > 0 ? 'Of this game' : isScored ? 'Other series' : 'Logits of D';
  charts.push(chart('more', title, [...own, ...moreViews(names, isScored, instrumentViews(infos, names, 'more'))], own.some(({ id }) => LOG_OF_ITS_OWN.has(id))));
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

/** @param {Set<string>} names @param {boolean} isAnnounced */
function modeViews(names, isAnnounced) {
  if (isAnnounced && !names.has('modes.captured')) return [];
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

/** @param {Set<string>} names @param {boolean} isScored whether D's logits have a chart of their own @param {View[]} instruments */
function moreViews(names, isScored, instruments) {
  const groups = [
    ['penalty', 'penalties'], ['weighted', 'penalties, weighted'], ['speed', 'speed'], ['knob', 'knobs'], ['optimiser', 'learning rates'], ['cost', 'cost of watching (ms)'],
  ].flatMap(([prefix, label]) => {
    const members = [...names].filter((name) => name.startsWith(`${prefix}.`) && (prefix !== 'optimiser' || name.endsWith('.rate'))).sort();
    return members.length === 0 ? [] : [view(prefix, label, members.map((name, index) => free(name, tail(name), index)))];
  });
  const speed = view('speed', 'speed', [free('speed.steps_per_s', 'steps/s', 0)]);
  if (!isScored) return [logitView(), ...instruments, ...groups];
  return instruments.length + groups.length > 0 ? [...instruments, ...groups] : [speed];
}

/**
 * What only this run's components measure, a view a component: duality gap, BEGAN's k, sharpest eigenvalues. Learning
 * rates are no news unless they follow a schedule: they are among the other series.
 * @param {string[]} names
 */
function ownViews(names) {
  const others = names.filter((name) => !KNOWN.has(firstWord(name)) && !OF_INSTRUMENTS.has(firstWord(name)) && !name.endsWith('.rate'));
  const prefixes = [...new Set(others.map((name) => name.slice(0, name.lastIndexOf('.'))))];
  return prefixes.map((prefix) => {
    const members = others.filter((name) => name.slice(0, name.lastIndexOf('.')) === prefix);
    return view(prefix, prefix.replaceAll('_', ' '), members.map((name, index) => free(name, name.slice(prefix.length + 1), index)));
  });
}

/** What a standard error's series is called, after the name of what it is the error of. */
const ERROR = '.error';
/** The same number for real samples against real ones: the floor that a good generator comes near. */
const FLOOR = '.real';

/**
 * The scalars of the instruments that a chart shows, a view for those that belong together and have the same unit: of
 * layers the same quantity of all (`spectrum.d.conv1.sigma_1`, `spectrum.d.conv2.sigma_1`), else those that differ in
 * the last word alone. An error is the band around its line, a floor a dotted line in its colour.
 * @param {import('./store.js').RunState['infos']} infos
 * @param {Set<string>} names of scalar series
 * @param {string} chart
 * @returns {View[]}
 */
function instrumentViews(infos, names, chart) {
  const isError = (/** @type {string} */ name) => name.endsWith(ERROR) && names.has(name.slice(0, -ERROR.length));
  const isFloor = (/** @type {string} */ name) => name.endsWith(FLOOR) && names.has(name.slice(0, -FLOOR.length));
  /** @type {Map<string, View>} */
  const found = new Map();
  /** @type {Map<View, string>} */
  const units = new Map();
  for (const name of names) {
    if (!INSTRUMENT_WORDS[chart].includes(firstWord(name)) || PLAYERS_NORM.has(name) || isError(name) || isFloor(name)) continue;
    const unit = infos.get(name)?.unit ?? '';
    const { key, label, own } = placeOf(name);
    const id = unit === '' ? key : `${key} ${unit}`;
    const group = found.get(id) ?? view(id, label.replaceAll('_', ' '), []);
    units.set(group, unit);
    const line = memberOf(name, own, group.traces.filter(({ name: each }) => !isFloor(each)).length);
    group.traces.push(...[line, { ...line, name: name + FLOOR, label: `${own}, real`, dash: /** @type {const} */ ('dot') }]
      .filter((trace) => names.has(trace.name))
      .map((trace) => ({ ...trace, error: names.has(trace.name + ERROR) ? trace.name + ERROR : undefined })));
    found.set(id, group);
  }
  const views = [...found.values()];
  return views.map((each) => ({ ...each, label: toldApart(each, units.get(each) ?? '', views) }));
}
const PLAYERS_NORM = new Set(['gradient.d.norm', 'gradient.g.norm']);

/** Views of one thing in several units are told apart by what they show, up to so many lines. */
const MOST_NAMED = 3;

/** @param {View} each @param {string} unit @param {View[]} all */
function toldApart({ label, traces }, unit, all) {
  const isAlone = all.filter((other) => other.label === label).length === 1;
  if (!isAlone && traces.length <= MOST_NAMED) return `${label}: ${traces.map((trace) => trace.label).join(', ')}`;
  return unit === '' ? label : `${label} (${unit.replaceAll('_', ' ')})`;
}

/** The view that a scalar of an instrument is in, and what it is called there. @param {string} name */
function placeOf(name) {
  const [first, second = first, ...rest] = name.split('.');
  const last = rest.pop();
  if (last === undefined) return { key: first, label: first, own: second };
  if (rest.length === 0) return { key: `${first}.${second}`, label: `${first} ${player(second)}`, own: last };
  return { key: `${first}.${second}.*.${last}`, label: `${first} of ${player(second)}: ${last}`, own: rest.join('.') };
}

/** @param {string} name @param {string} own @param {number} index @returns {Trace} */
function memberOf(name, own, index) {
  if (own === 'd' || own === 'g') return { name, label: player(own), role: player(own), dash: own === 'd' ? 'solid' : 'dash' };
  return free(name, own.replaceAll('_', ' '), index);
}

/** @param {string} word */
function player(word) {
  return word === 'd' || word === 'g' ? word.toUpperCase() : word;
}

/** @param {string} name */
function firstWord(name) {
  return name.split('.')[0];
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
