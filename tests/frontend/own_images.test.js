// One's own pictures: what is sent, in which zip, and with which recipe it is launched.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 as nodes } from 'node:zlib';

import { asDataset, isZip, LEAST_FILES, MOST_BYTES, objection, pictures, suitable } from '../../frontend/lib/own_images.js';
import { crc32, zipped } from '../../frontend/lib/zip.js';

const named = (name, text = 'x') => ({ name, content: new Blob([text]) });

test('the checksum is the known one', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => (index * 37) % 256);
  if (nodes !== undefined) assert.equal(crc32(bytes), nodes(bytes));
});

test('another program unpacks the zip, with folders and letters of any language', async () => {
  const files = [named('cats/größe 1.png', 'one'), named('dogs/日本.png', ''), named('dogs/2.png', 'three')];
  const seen = [];
  const blob = await zipped(files, (done) => seen.push(done));
  const folder = mkdtempSync(join(tmpdir(), 'zip-'));
  try {
    writeFileSync(join(folder, 'a.zip'), Buffer.from(await blob.arrayBuffer()));
    const script = 'import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.dumps([[n, z.read(n).decode()] for n in z.namelist()]))';
    const said = execFileSync('python3', ['-c', script, join(folder, 'a.zip')], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(said), [['cats/größe 1.png', 'one'], ['dogs/日本.png', ''], ['dogs/2.png', 'three']]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(seen, [1, 2, 3]);
});

test('only pictures go, or one zip as it is', () => {
  const given = ['a.PNG', 'b.jpeg', 'c.webp', 'notes.txt', 'd.gif', 'e.zip'].map((name) => named(name));
  assert.deepEqual(pictures(given).map(({ name }) => name), ['a.PNG', 'b.jpeg', 'c.webp']);
  assert.deepEqual([isZip([named('a.zip')]), isZip(given), isZip([])], [true, false, false]);
});

test('what the server would refuse is said before it is sent', () => {
  const enough = Array.from({ length: LEAST_FILES }, (_, index) => named(`${index}.png`));
  assert.equal(objection(enough), '');
  assert.match(objection(enough.slice(1)), /^Only 9 are a png/);
  assert.match(objection([]), /^None is a png/);
  assert.match(objection([{ name: 'a.zip', content: /** @type {any} */ ({ size: MOST_BYTES + 1 }) }]), /257 MiB; at most 256/);
  assert.equal(objection([named('a.zip')]), '');
});

const dataset = (name, sample) => ({ family: 'datasets', name, provides: { sample }, params: {}, needs: {}, attributes: {} });
const recipe = (name, set, conditioning, more = {}) => ({ name, title: name, look: '', duration: '', spec: { dataset: { name: set, size: 16 }, ...(conditioning ? { conditioning: { name: conditioning } } : {}) }, ...more });
const CATALOGUE = {
  version: '1', components: [dataset('digits', 'image'), dataset('ring', 'points')],
  recipes: [recipe('began', 'digits'), recipe('digits-dcgan', 'digits'), recipe('ring-gan', 'ring'), recipe('labelled', 'digits', 'auxiliary'), recipe('large', 'digits', 'auxiliary', { device: 'gpu' })],
};
const SET = { id: 'ab'.repeat(8), name: 'mine', n_pictures: 20, classes: [], size_bytes: 1, uploaded_at: 0 };

test('pictures without labels get a recipe without, and those with get one with', () => {
  assert.equal(suitable(CATALOGUE, SET)?.name, 'digits-dcgan');
  assert.equal(suitable(CATALOGUE, { ...SET, classes: ['cats', 'dogs'] })?.name, 'labelled');
  assert.equal(suitable({ ...CATALOGUE, recipes: [] }, SET), null);
});

test('the set takes the place of the recipe’s pictures, at their size', () => {
  assert.deepEqual(asDataset(SET, { dataset: { name: 'digits', size: 16 } }), { name: 'uploaded', id: SET.id, size: 16, labels: false });
  assert.equal(asDataset({ ...SET, classes: ['a', 'b'] }, { dataset: { name: 'ring' } }).size, 32);
});
