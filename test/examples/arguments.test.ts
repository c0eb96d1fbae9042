/** The examples as people call them: what is wrong with the arguments is one line, and exit code 2. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** With the sources in place of the package, which may not be built. */
function example(...args: string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const tsx = ['--import', 'tsx', 'examples/run.ts'];
  return spawnSync(process.execPath, [...tsx, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', TSX_TSCONFIG_PATH: 'tsconfig.test.json' },
  });
}

test('without a name they are listed, a line each', () => {
  const { status, stdout } = example();
  expect(status).toBe(0);
  for (const name of ['mnist', 'shakespeare', 'config-mnist', 'experts', 'stitched', 'taxonomy'])
    expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
});

test.each([
  [['nope'], 'unknown example "nope"'],
  [['mnist', '--steps', 'abc'], 'It is a whole number from 1.'],
  [['shakespeare', '--text', '/nowhere.txt'], '/nowhere.txt: ENOENT'],
  [['experts', '--device', 'webgpu:nobody'], 'no adapter matches webgpu:nobody'],
])('%j', (args, message) => {
  const { status, stdout, stderr } = example(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(message);
});
