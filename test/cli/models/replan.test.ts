/** Bundles whose inputs and outputs stay on the device, opened as the command line does: their ops have names. */
import { describe, expect, test } from 'vitest';
import { openBundle } from '../../../src/cli/models/bundle.js';
import { memoryPlanOf } from '../../../src/cli/reports/explain.js';
import { prepare, toBundle, type Prepared } from '../../../src/compile.js';
import { SOFTWARE_TARGET } from '../../../src/passes/target.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Program } from '../../../src/ir/graph.js';
import type { NamedDonation } from '../../../src/passes/memory/donations.js';
import { trainingStep } from '../../support/training.js';

/** What the command line makes of the bundle of `program`, and what the bundle was made of. */
async function reopened(
  program: Program,
  donate: readonly NamedDonation[],
): Promise<{ readonly made: Prepared; readonly found: Prepared | undefined }> {
  const made = prepare(program, { target: SOFTWARE_TARGET, residents: true, donate });
  const model = await openBundle('step.heddle', await toBundle(made), {});
  expect(model.warning).toBeUndefined();
  return { made, found: model.prepare('software').prepared };
}

describe('a bundle with resident inputs and outputs is planned again', () => {
  test.each(['sgd', 'adam'] as const)('where each output is written over an input: %s', async (optimiser) => {
    const { program, donate } = trainingStep({ widths: [6, 8, 4], batch: 3, optimiser });
    const { made, found } = await reopened(program, donate);
    expect(found?.planned.plan).toEqual(made.planned.plan);
    expect(found?.planned.plan.outputs.some(({ donor }) => donor !== undefined)).toBe(true);
    expect(found?.planned.groups.map(({ members }) => members)).toEqual(
      made.planned.groups.map(({ members }) => members),
    );
    const memory = found === undefined ? undefined : memoryPlanOf(found);
    expect(memory?.portBytes).toBe(made.planned.plan.ports?.bytes);
  });

  test('where a donated input is not taken over, and where none is donated', async () => {
    const b = new GraphBuilder('sizes');
    const [state, gone] = [b.param('state', 'f32', [4]), b.param('gone', 'f32', [3])];
    b.output('next', b.binary('add', state, state));
    b.output('other', b.unary('exp', state));
    b.output('third', b.unary('neg', gone));
    const program = { graph: b.build(), weights: new Map() };
    for (const donate of [
      [
        { input: 'state', output: 'next' },
        { input: 'gone', output: 'other' },
      ],
      [],
    ]) {
      const { made, found } = await reopened(program, donate);
      expect(found?.planned.plan).toEqual(made.planned.plan);
    }
  });
});
