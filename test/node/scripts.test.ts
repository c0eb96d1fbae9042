/** The scripts that people call by hand: their arguments. What they measure needs the data folder, and minutes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const run = (script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url)), ...args], {
    encoding: 'utf8',
    env: { ...process.env, HEDDLE_DATA: '/nowhere' },
  });

describe.each(['conformance.mjs', 'mnist-accuracy.mjs'])('%s', (script) => {
  test('has help', () => {
    const { status, stdout } = run(script, '--help');
    expect([status, stdout]).toEqual([0, expect.stringContaining('Exit codes:')]);
  });

  test('refuses options that it does not have', () => {
    const { status, stdout, stderr } = run(script, '--nonsense');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain("'--nonsense'");
    expect(stderr).toContain('Exit codes:');
  });

  test('says which data is missing, and how to say where it is', () => {
    const { status, stderr } = run(script);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/no \/nowhere\/.*\nSet HEDDLE_DATA/)]);
  });
});

test('mnist-accuracy.mjs takes one device, and a number of images', () => {
  expect(run('mnist-accuracy.mjs', 'webgpu', 'webgpu:other')).toMatchObject({ status: 2 });
  expect(run('mnist-accuracy.mjs', '--images', 'many').stderr).toContain('--images is a number, not many');
});
