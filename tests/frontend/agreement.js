// Answers, for the Python side of a test, what the page thinks of specs: stdin and stdout are JSON.
import { text } from 'node:stream/consumers';

import { problems } from '../../frontend/lib/legal.js';
import { refusal } from '../../frontend/lib/scale.js';
import { difference, filled, suiting } from '../../frontend/lib/spec.js';

const { catalogue, specs, knobs } = JSON.parse(await text(process.stdin));
const answers = {
  specs: specs.map((spec) => {
    const full = filled(spec, catalogue);
    return { filled: full, overrides: difference(filled(specs[0], catalogue), full), guards: suiting('guards', full, catalogue).map(({ name }) => name), misfits: problems(full, catalogue) };
  }),
  refused: knobs.map(({ knob, text: typed }) => refusal(knob, typed)),
};
process.stdout.write(JSON.stringify(answers));
