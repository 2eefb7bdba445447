// The gallery without its elements: recipes under their headings, and the filter.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { grouped, matches, partsOf } from '../../frontend/lib/recipes.js';

const recipe = (name, group, spec = {}) => ({ name, title: `About ${name}`, look: 'Look.', duration: 'a minute', group, spec });
const RING = recipe('ring-gan', 'Points', { dataset: { name: 'ring' }, loss: { name: 'hinge' }, conditioning: { name: 'none' }, regularisers: [{ name: 'r1' }] });

test('recipes stand under their headings in the order of the catalogue', () => {
  const groups = grouped([RING, recipe('faces', 'Faces'), recipe('grid', 'Points'), { ...recipe('old', 'x'), group: undefined }]);
  assert.deepEqual([...groups].map(([title, all]) => [title, all.map(({ name }) => name)]), [['Points', ['ring-gan', 'grid']], ['Faces', ['faces']], ['Others', ['old']]]);
});

test('a recipe is found by every word that is said of it, and by what it is made of', () => {
  assert.deepEqual(['', 'R1', 'points hinge ', 'ring-gan', 'faces', 'r1 faces', 'ing'].map((asked) => matches(RING, asked)), [true, true, true, true, false, false, false]);
});

test('the parts of a recipe leave out what is none', () => {
  assert.deepEqual(partsOf(RING.spec), ['ring', 'hinge', 'r1']);
  assert.deepEqual(partsOf({ dataset: { name: 'faces', size: 16 } }), ['faces 16']);
});
