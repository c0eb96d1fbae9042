/** Networks measured from the shell. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { writeNpy } from '../../src/data/npy.js';
import { commandLine } from './support.js';

const cli = commandLine();

function write(name: string, content: string | Uint8Array): string {
  const path = cli.path(name);
  writeFileSync(path, content);
  return path;
}

/** A network that gives twice its input: the greatest number is the class. */
const TWICE = { input: [3], layers: [{ type: 'residual' }] };

describe('evaluate', { timeout: 240_000 }, () => {
  const net = write('net.json', JSON.stringify(TWICE));
  const count = 300;
  const rows = Float32Array.from({ length: count * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 2 : 1));
  const x = write('x.npy', writeNpy(tensorData('f32', [count, 3], rows)));

  test('of classes: accuracy and confusion, of examples that fill no batch', async () => {
    const classes = Int32Array.from({ length: count }, (_, i) => (i < 3 ? 0 : i % 3));
    const y = write('y.npy', writeNpy(tensorData('i32', [count], classes)));
    const { code, result, stderr } = await cli.json([
      'evaluate',
      net,
      '--data',
      x,
      '--labels',
      y,
      '--device',
      'reference',
    ]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({
      examples: count,
      accuracy: 298 / 300,
      confusion: { matrix: [[100, 1, 1], [0, 99, 0], [0, 0, 99]] },
    }); // prettier-ignore
  });

  test('of numbers: deviation and correlation', async () => {
    const y = write(
      'numbers.npy',
      writeNpy(
        tensorData(
          'f32',
          [count, 3],
          rows.map((value) => 4 * value),
        ),
      ),
    );
    const { code, result, stderr } = await cli.json([
      'evaluate',
      net,
      '--data',
      x,
      '--labels',
      y,
      '--device',
      'wasm:1',
    ]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ deviation: { score: 50, mean: 50, failures: 0 } });
    expect(result.pearson).toBeCloseTo(1);
    expect(result.spearman).toBeCloseTo(1);
  });
});
