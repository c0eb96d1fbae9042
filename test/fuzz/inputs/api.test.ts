/** Calls with arguments that do not belong there, a few of each: `npm run fuzz:inputs` makes more. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { API, firstArguments } from './api.js';
import { TARGETS } from './api/targets.js';
import { Random, type Input } from './family.js';

const SEED = 9;
const CALLS = 12_000;

/** What a call ended in, where that is a finding. */
async function findingOf({ describe: call, run }: Input, position: number): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof HeddleError ? undefined : `#${position} ${call}: ${String(error)}`;
  }
}

describe('the public interface', () => {
  test('answers junk with a HeddleError, or not at all', { timeout: 120_000 }, async () => {
    const findings: string[] = [];
    for (let i = 0; i < CALLS; i++) {
      const finding = await findingOf(API.make(new Random(SEED, API.name, i)), i);
      if (finding !== undefined) findings.push(finding);
    }
    expect(findings).toEqual([]);
  });

  test('answers each junk value as a first argument so too', { timeout: 240_000 }, async () => {
    const findings: string[] = [];
    let position = 0;
    for (const input of firstArguments()) {
      const finding = await findingOf(input, position++);
      if (finding !== undefined) findings.push(finding);
    }
    expect(findings).toEqual([]);
  });

  test('is all there', () => {
    const names = TARGETS.map(({ name }) => name);
    for (const name of [
      'heddle.tensor',
      'new heddle.nn.Linear',
      'tensor.pad',
      'compiled.run',
      'heddle/plot.lossCurve',
    ])
      expect(names).toContain(name);
    expect(names.length).toBeGreaterThan(900);
    expect(names.filter((name) => /\.(writeInputs|enqueue|reading)$/.test(name))).toEqual([]);
  });
});
