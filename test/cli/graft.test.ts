/** Networks grafted from the shell. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commandLine } from './support.js';

const cli = commandLine();

function net(name: string, seed: number, input = 4): string {
  const path = cli.path(name);
  writeFileSync(path, JSON.stringify({ input: [input], seed, layers: [{ type: 'dense', output_size: 2 }] }));
  return path;
}

describe('graft', { timeout: 120_000 }, () => {
  test('writes a config and weights that run', async () => {
    const out = cli.path('both.json');
    const { result, code } = await cli.json(['graft', net('a.json', 1), net('b.json', 2), '-o', out]);
    expect([code, result.tensors, result.weights]).toEqual([0, 4, cli.path('both.safetensors')]);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
      layers: [{ type: 'parallel', combine_mode: 'concat' }],
    });
    const run = await cli.json([
      'run',
      out,
      '--weights',
      String(result.weights),
      '--data',
      'random:1',
      '--device',
      'reference',
    ]);
    expect(run.code).toBe(0);
  });

  test('says what does not go together', async () => {
    const [a, wide] = [net('a.json', 1), net('wide.json', 2, 5)];
    const out = cli.path('none.json');
    expect((await cli.run(['graft', a, wide, '-o', out])).stderr).toMatch(/CONFIG_INVALID.*branches\[1\]/s);
    expect((await cli.run(['graft', a, a, '-o', a])).stderr).toMatch(/USAGE.*a config of its own/s);
    expect((await cli.run(['graft', a, a, '-o', out, '--weights', 'x'])).stderr).toMatch(
      /USAGE.*each network has one file/s,
    );
  });
});
