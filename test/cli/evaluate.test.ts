/** Networks measured from the shell. */
import { readFileSync, writeFileSync } from 'node:fs';
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
      '--svg',
      cli.path('classes.svg'),
    ]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({
      examples: count,
      accuracy: 298 / 300,
      confusion: { matrix: [[100, 1, 1], [0, 99, 0], [0, 0, 99]] },
      files: [cli.path('classes.svg')],
    }); // prettier-ignore
    expect(readFileSync(cli.path('classes.svg'), 'utf8')).toMatch(/accuracy 99.33%[\s\S]*0 named 1: 1</);
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
      '--svg',
      cli.path('numbers.svg'),
    ]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ deviation: { score: 50, mean: 50, failures: 0 } });
    expect(readFileSync(cli.path('numbers.svg'), 'utf8')).toMatch(
      /score 50.00[\s\S]*>900<[\s\S]*>up to 50%</,
    );
    expect(result.pearson).toBeCloseTo(1);
    expect(result.spearman).toBeCloseTo(1);
  });

  test('says what is wrong before it runs', async () => {
    const args = ['evaluate', net, '--data', x, '--labels', x, '--device', 'reference', '--svg'];
    for (const [svg, code, message] of [
      ['picture.png', 2, /USAGE[\s\S]*--svg[\s\S]*\.svg/],
      ['none/picture.svg', 1, /FILE_UNWRITABLE/],
    ] as const) {
      const wrong = await cli.run([...args, cli.path(svg)]);
      expect([wrong.code, wrong.stderr]).toEqual([code, expect.stringMatching(message)]);
    }
  });
});
