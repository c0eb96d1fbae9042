/** Bundles whose inputs and outputs stay on the device, opened as the command line does: their ops have names. */
import { describe, expect, test } from 'vitest';
import { openBundle } from '../../../src/cli/models/bundle.js';
import { memoryPlanOf } from '../../../src/cli/reports/explain.js';
import { prepare, toBundle, type Prepared } from '../../../src/compile.js';
import { SOFTWARE_TARGET } from '../../../src/passes/target.js';
import { donorOf } from '../../../src/plan/ports.js';
import { writeContainer } from '../../../src/base/safetensors/write.js';
import { headerHash } from '../../../src/plan/container.js';
import { readBundle } from '../../../src/plan/read-bundle.js';
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
    const { inputs, outputs } = made.planned.plan;
    expect(outputs.some((output) => donorOf(inputs, output) !== undefined)).toBe(true);
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

describe('the nodes of a bundle keep their names', () => {
  const NAMES = ['x', '  a // comment', '/block\n%1 = neg', '\u2028"', undefined];
  const named = async (): Promise<Uint8Array> => {
    const b = new GraphBuilder('named');
    let value = b.param('x', 'f32', [4]);
    for (let i = 1; i < NAMES.length; i++) value = b.unary(i % 2 === 0 ? 'exp' : 'sin', value);
    b.output('y', value);
    const made = prepare({ graph: b.build(), weights: new Map() }, { target: SOFTWARE_TARGET });
    const { graph, weights } = made.program;
    const nodes = graph.nodes.map((node, i) => (NAMES[i] === undefined ? node : { ...node, name: NAMES[i] }));
    return toBundle({ ...made, program: { graph: { ...graph, nodes }, weights } });
  };

  test('whatever these are', async () => {
    const { program } = await openBundle('named.heddle', await named(), {});
    expect(program?.graph.nodes.map(({ name }) => name)).toEqual(NAMES);
  });

  test('or it is refused', async () => {
    const { container } = await readBundle(await named());
    const names = JSON.parse(container.metadata['heddle.names']) as string[];
    const { metadata, tensors } = container;
    const wrong = { ...metadata, 'heddle.names': JSON.stringify(names.slice(1)) };
    const hash = await headerHash({ metadata: wrong, tensors });
    const altered = writeContainer({ metadata: { ...wrong, 'heddle.headerSha256': hash }, tensors }, [
      container.data,
    ]);
    const model = await openBundle('named.heddle', altered, {});
    expect(() => model.program).toThrow(expect.objectContaining({ code: 'FILE_CORRUPT' }) as Error);
  });
});
