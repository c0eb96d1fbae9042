/** Networks searched from the shell. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seedOf } from '../../src/cli/commands/search.js';
import { commandLine } from './support.js';

const cli = commandLine();

function file(name: string, content: string): string {
  const path = cli.path(name);
  writeFileSync(path, content);
  return path;
}

const net = file('net.json', JSON.stringify({ input: [2], layers: [{ type: 'dense', output_size: 2 }] }));
const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(i) * Math.cos(3 * i) > 0 ? 1 : 0]); // prettier-ignore
const table = file('table.csv', rows.map((row) => row.join(',')).join('\n'));
const args = ['search', net, '--data', table, '--labels', '3', '--device', 'reference', '--candidates', '2'];

describe('search', { timeout: 120_000 }, () => {
  test('ranks networks, and writes the best with its weights, and a picture', async () => {
    const out = cli.path('found');
    const space = file('space.json', JSON.stringify({ cells: [1, 1], sizes: [8], brains: ['dense'] }));
    const { code, result } = await cli.json([...args, '--space', space, '--epochs', '1', '--rate', '0.1', '-o', out]); // prettier-ignore
    expect(code).toBe(0);
    const candidates = result.candidates as readonly { readonly score: number; readonly candidate: number }[];
    expect(candidates.map(({ candidate }) => candidate).sort()).toEqual([0, 1, 2]);
    const scores = candidates.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(result.best).toBe(candidates[0].candidate);
    expect(readFileSync(join(out, 'search.svg'), 'utf8')).toContain('the best of 3');
    const best = join(out, 'best.json');
    const run = ['run', best, '--weights', join(out, 'best.safetensors'), '--data', 'random:1', '--device', 'reference']; // prettier-ignore
    expect((await cli.json(run)).code).toBe(0);
  });

  test('says what is no space, before anything is opened', async () => {
    const space = file('wrong.json', JSON.stringify({ sizes: [7] }));
    const { result, code } = await cli.json([...args, '--space', space]);
    expect([code, result.error]).toMatchObject([
      2,
      { code: 'USAGE', found: 'sizes: a list of 1', where: expect.stringContaining('wrong.json') as string },
    ]);
  });

  test('draws other networks for each candidate, whatever the seed', () => {
    for (const seed of [0, 1, Date.UTC(2026, 0), 2 ** 53 - 1]) {
      const seeds = Array.from({ length: 100 }, (_, i) => seedOf(seed, i));
      expect(new Set(seeds).size).toBe(100);
      expect(seeds.every((each) => Number.isSafeInteger(each) && each >= 0)).toBe(true);
    }
  });

  test('says of a network that is too large before any is trained', async () => {
    const space = file('large.json', JSON.stringify({ sizes: [4096], width: [8, 8], cells: [2, 2], brains: ['dense'], combine: ['concat'] })); // prettier-ignore
    const out = cli.path('none');
    const { result, code } = await cli.json([...args, '--space', space, '-o', out]);
    expect([code, result.error]).toMatchObject([1, { code: 'LIMIT_EXCEEDED' }]);
    expect(existsSync(out)).toBe(false);
  });
});
