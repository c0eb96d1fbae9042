/**
 * The variants of the prelude that no device here needs, for bits: division and square root corrected with integers, and
 * the multiply-add that hides its product.
 */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { TEMPLATES } from '../../../src/device/templates/programs.js';
import { TemplateBuilder, type Template } from '../../../src/device/templates/template.js';
import { expectSameBits, type Options, type Specimen } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { availableGpus } from '../../support/gpu.js';
import { grow, recipes } from '../../support/graphs.js';
import { specimen } from '../../support/specimen.js';

const QUICK = { swiftshader: 25, lavapipe: 8 } as const;
const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

function specimenOf(template: Template): Specimen {
  const b = new TemplateBuilder(template.name);
  template.define(b);
  return b.finish();
}

/** lavapipe takes long to compile them. */
const templatesFor = (gpu: string): readonly Template[] =>
  TEMPLATES.filter(({ quick }) => quick || gpu === 'swiftshader');

describe.each(availableGpus)('%s, everything corrected', (name) => {
  const options: Options = { gpus: [name], variants: ['software'], prelude: 'corrected' };

  test.each(templatesFor(name).map((template) => [template.name, template] as const))('%s', (_, template) =>
    expectSameBits(specimenOf(template), options),
  );

  test('quotients and roots of hostile numbers', async () => {
    const net = specimen((b) => {
      const [x, y] = [b.param('x', 'f32', [16_384]), b.param('y', 'f32', [16_384])];
      b.output('quotient', b.binary('div', x, y));
      b.output('root', b.unary('sqrt', x));
      b.output('both', b.binary('div', b.full(y, 1), b.unary('sqrt', b.unary('abs', y))));
    }, 'hostile');
    await expectSameBits(net, options);
  });

  test(
    'random graphs',
    async () => {
      await fc.assert(
        fc.asyncProperty(recipes(), (recipe) => expectSameBits(grow(recipe), options)),
        fuzz(QUICK[name]),
      );
    },
    TIMEOUT,
  );
});
