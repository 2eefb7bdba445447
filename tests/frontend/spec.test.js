// The launch form without its elements: fields of schemas, what goes together, what is sent, where errors belong.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choices, defaults, problems, settle } from '../../frontend/lib/legal.js';
import { facts, mismatches } from '../../frontend/lib/needs.js';
import { fieldsOf } from '../../frontend/lib/schema.js';
import { difference, filled, locate, suiting } from '../../frontend/lib/spec.js';

const component = (family, name, more = {}) => ({ family, name, title: name, summary: '', doc: '', params: { properties: {} }, provides: {}, needs: {}, attributes: {}, ...more });
const params = (values) => ({ properties: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { default: value }])) });
const CATALOGUE = {
  version: '1', recipes: [],
  components: [
    component('datasets', 'faces', { params: params({ size: 16 }), provides: { sample: 'image', size: '$size', labels: true, judge: true } }),
    component('datasets', 'folder', { params: params({ size: 32, labels: null }), provides: { sample: 'image', size: '$size', labels: '$labels' } }),
    component('datasets', 'ring', { provides: { sample: 'points', judge: true } }),
    component('networks', 'dcgan', { params: params({ size: null, width: 64 }), needs: { sample: 'image', size: '$size' } }),
    component('networks', 'mlp', { params: params({ width: 128 }), needs: { sample: ['points', 'scalar'] } }),
    component('conditioning', 'none'),
    component('conditioning', 'auxiliary', { needs: { labels: true }, provides: { auxiliary: true } }),
    component('losses', 'hinge', { params: params({ margin: 1 }) }),
    component('regularisers', 'r1', { params: params({ weight: 10 }) }),
    component('optimisers', 'adam', { params: params({ lr: 2e-4 }) }),
    component('averaging', 'none'),
    component('monitors', 'modes', { params: params({ every: 100 }), needs: { judge: true }, default: true }),
    component('monitors', 'accuracy', { params: params({ every: 50 }), needs: { auxiliary: true }, default: true }),
    component('monitors', 'dear', { default: false }),
  ],
};
const FACES = { dataset: { name: 'faces' }, network: { name: 'dcgan' }, conditioning: { name: 'auxiliary' }, loss: { name: 'hinge' } };
const names = (found) => found.filter(({ reason }) => reason === null).map((each) => each.component.name);

test('a param becomes a field with its bounds, unit, scale and help', () => {
  const [field] = fieldsOf({ properties: { lr: { type: 'number', default: 2e-4, minimum: 0, exclusiveMaximum: 1, description: 'Rate.', knob: { scale: 'log', unit: '1/s' } } } });
  assert.deepEqual(field, {
    param: 'lr', kind: 'number', default: 2e-4, isNullable: false, isKnob: true, choices: [], minimum: 0, maximum: 1,
    exclusive_minimum: false, exclusive_maximum: true, scale: 'log', unit: '1/s', help: 'Rate.',
  });
});

test('choices, optional params, references and numbers by key are recognised', () => {
  const fields = fieldsOf({
    $defs: { Player: { enum: ['G', 'D'], type: 'string' } },
    properties: {
      size: { anyOf: [{ enum: [16, 32], type: 'integer' }, { type: 'null' }], default: null },
      std: { anyOf: [{ exclusiveMinimum: 0, maximum: 1, type: 'number' }, { type: 'null' }], default: 0.02 },
      player: { $ref: '#/$defs/Player', default: 'D' },
      weights: { type: 'object', additionalProperties: { type: 'number', minimum: 0, maximum: 100 }, default: {}, knob: { scale: 'log', unit: '' } },
      path: { type: 'string' },
      odd: { type: 'array', items: {} },
    },
  });
  assert.deepEqual(fields.map(({ kind, isNullable, choices: all }) => [kind, isNullable, all]), [
    ['choice', true, [16, 32]], ['number', true, []], ['choice', false, ['G', 'D']], ['map', false, []], ['text', false, []], ['json', false, []],
  ]);
  assert.deepEqual([fields[1].minimum, fields[1].exclusive_minimum, fields[1].maximum], [0, true, 1]);
  assert.deepEqual([fields[3].maximum, fields[3].isKnob], [100, true]);
});

test('facts are what the components provide, by value or by param', () => {
  assert.deepEqual(facts(filled(FACES, CATALOGUE), CATALOGUE), {
    updates: 'alternating', batch: 64, sample: 'image', size: 16, labels: true, judge: true, auxiliary: true,
  });
  assert.equal(facts(filled({ ...FACES, dataset: { name: 'folder' } }, CATALOGUE), CATALOGUE).labels, null);
});

test('only what fits the dataset can be chosen, and the rest says why', () => {
  const onPoints = filled({ dataset: { name: 'ring' } }, CATALOGUE);
  assert.deepEqual(names(choices(CATALOGUE, 'networks', onPoints)), ['mlp']);
  assert.deepEqual(names(choices(CATALOGUE, 'conditioning', onPoints)), ['none']);
  assert.deepEqual(names(choices(CATALOGUE, 'networks', filled(FACES, CATALOGUE))), ['dcgan']);
  const dcgan = choices(CATALOGUE, 'networks', onPoints).find((each) => each.component.name === 'dcgan');
  assert.equal(dcgan.reason, 'needs a dataset with sample = image: faces or folder; this spec has ring with sample = points');
});

/** Why a component does not go with a spec. */
const unmet = (one, given, spec) => mismatches(one, given, filled(spec, CATALOGUE), CATALOGUE);

test('a need by param holds only where the param is given', () => {
  const dcgan = CATALOGUE.components.find(({ name }) => name === 'dcgan');
  assert.deepEqual(unmet(dcgan, { size: null }, FACES), []);
  assert.deepEqual(unmet(dcgan, { size: 32 }, FACES), ['needs a dataset with size = 32: faces or folder; this spec has faces with size = 16']);
});

test('a need for any is not met by none and not by no, and names the param that decides', () => {
  const auxiliary = CATALOGUE.components.find(({ name }) => name === 'auxiliary');
  const why = (labels) => unmet(auxiliary, {}, { ...FACES, dataset: { name: 'folder', labels } });
  const none = ['needs a dataset with labels: faces or folder with labels; this spec has folder'];
  assert.deepEqual([true, 'labels.csv', 1, false, null].map(why), [[], [], [], none, none]);
});

test('what must not be there is named', () => {
  const packing = (allowed) => component('regularisers', 'packing', { needs: { auxiliary: allowed } });
  const why = (allowed, conditioning) => unmet(packing(allowed), {}, { ...FACES, conditioning: { name: conditioning } });
  assert.deepEqual(why([null], 'none'), []);
  assert.deepEqual(why([null, true], 'auxiliary'), []);
  assert.deepEqual(why([null], 'auxiliary'), ['does not go with auxiliary (auxiliary)']);
});

test('a need of the spec itself says where it is, and one that nobody meets says so', () => {
  const extra = component('optimisers', 'extra_sgd', { needs: { updates: 'simultaneous' } });
  assert.deepEqual(unmet(extra, {}, FACES), ['needs game.updates = simultaneous; this spec has alternating']);
  const odd = component('monitors', 'odd', { needs: { colour: true } });
  assert.deepEqual(unmet(odd, {}, FACES), ['needs a component with colour: nobody has it; this spec has none']);
});

test('a need for a multiple is counted, and what is no count is left to the schema', () => {
  const packing = component('regularisers', 'packing', { needs: { batch: { multiple_of: '$m' } } });
  assert.deepEqual(unmet(packing, { m: 3 }, FACES), ['needs a batch that is a multiple of 3; this spec has 64']);
  assert.deepEqual([4, 0, -3, 'many', null, undefined].map((m) => unmet(packing, { m }, FACES)), [[], [], [], [], [], []]);
});

test('an entry used twice needs a name of its own', () => {
  const twice = filled({ ...FACES, regularisers: [{ name: 'r1' }, { name: 'r1' }] }, CATALOGUE);
  assert.deepEqual(problems(twice, CATALOGUE).map(({ where }) => where), ['regularisers.1']);
  twice.regularisers[1].as = 'r1_2';
  assert.deepEqual(problems(twice, CATALOGUE), []);
});

test('another dataset takes along what no longer fits, and says so', () => {
  const draft = filled({ ...FACES, monitors: [{ name: 'modes', every: 10 }, { name: 'accuracy' }] }, CATALOGUE);
  draft.dataset = { name: 'ring' };
  const { spec, notices } = settle(draft, CATALOGUE);
  assert.deepEqual([spec.network.name, spec.network.width, spec.conditioning.name], ['mlp', 128, 'none']);
  assert.deepEqual(spec.monitors, [{ name: 'modes', every: 10 }]);
  assert.equal(notices.length, 3);
  assert.equal(draft.network.name, 'dcgan', 'the draft itself is not changed');
  assert.deepEqual(problems(spec, CATALOGUE), []);
});

test('a settled spec is not changed again', () => {
  const { spec } = settle(filled(FACES, CATALOGUE), CATALOGUE);
  assert.deepEqual(settle(spec, CATALOGUE), { spec, notices: [] });
});

test('defaults are filled in, and a param that says none keeps saying it', () => {
  const spec = filled({ ...FACES, network: { name: 'dcgan', width: null } }, CATALOGUE);
  assert.deepEqual(spec.network, { name: 'dcgan', width: null, size: null });
  assert.deepEqual(spec.optimisers.G, { name: 'adam', lr: 2e-4 });
  assert.deepEqual([spec.monitors, spec.guards, spec.steps, spec.averaging.name], [null, null, 5000, 'none']);
});

test('from nothing a spec that can run', () => {
  assert.deepEqual(problems(filled({}, CATALOGUE), CATALOGUE), []);
});

test('monitors that suit are those that are on by default and fit', () => {
  assert.deepEqual(suiting('monitors', filled(FACES, CATALOGUE), CATALOGUE).map(({ name }) => name), ['modes', 'accuracy']);
  assert.deepEqual(suiting('monitors', filled({ dataset: { name: 'ring' } }, CATALOGUE), CATALOGUE).map(({ name }) => name), ['modes']);
});

test('only what differs from the recipe is sent, and another component is sent whole', () => {
  const base = filled(FACES, CATALOGUE);
  assert.deepEqual(difference(base, structuredClone(base)), {});
  const spec = structuredClone(base);
  spec.network.width = 32;
  spec.optimisers.G.lr = 1e-3;
  spec.regularisers = [{ name: 'r1', weight: 1 }];
  spec.conditioning = { name: 'none' };
  assert.deepEqual(difference(base, spec), {
    network: { width: 32 }, optimisers: { G: { lr: 1e-3 } }, regularisers: [{ name: 'r1', weight: 1 }], conditioning: { name: 'none' },
  });
});

test('an error finds its field, however the api names it', () => {
  const spec = filled({ ...FACES, regularisers: [{ name: 'r1' }, { name: 'r1', as: 'other' }] }, CATALOGUE);
  const cases = {
    'network.width': 'network.width', 'networks.dcgan': 'network', 'networks.dcgan.width': 'network.width', 'datasets.faces': 'dataset',
    'conditioning.auxiliary': 'conditioning', 'conditioning.weight': 'conditioning.weight', 'optimisers.optimiser.g': 'optimisers.G',
    'optimisers.G.lr': 'optimisers.G.lr', 'regularisers.other': 'regularisers.1', 'regularisers.0.weight': 'regularisers.0.weight',
    'regularisers.r1.weight': 'regularisers.0.weight', steps: 'steps', 'nowhere.at.all': 'nowhere.at.all',
  };
  for (const [where, place] of Object.entries(cases)) assert.equal(locate(where, spec), place, where);
});

test('defaults are copies: a form that changes one changes no schema', () => {
  const auxiliary = component('conditioning', 'a', { params: params({ weights: {} }) });
  defaults(auxiliary).weights.hair = 2;
  assert.deepEqual(defaults(auxiliary), { weights: {} });
});
