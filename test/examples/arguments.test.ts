/** The examples as people call them: what is wrong with the arguments is one line, and exit code 2. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** With the sources in place of the package, which may not be built. */
function script(file: string, ...args: string[]): Finished {
  return spawnSync(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', TSX_TSCONFIG_PATH: 'tsconfig.test.json' },
  });
}

const example = (...args: string[]): Finished => script('examples/run.ts', ...args);

test.each([[], ['--help']])('without a name they are listed, a line each: %s', (...args) => {
  const { status, stdout } = example(...args);
  expect(status).toBe(0);
  for (const name of [
    'mnist',
    'shakespeare',
    'characters',
    'config-mnist',
    'experts',
    'stitched',
    'taxonomy',
  ])
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

test('npm run determinism has help, and refuses options that it has not', () => {
  const file = 'test/frontends/config/determinism.ts';
  const help = script(file, '--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('Exit codes')]);
  const wrong = script(file, '--quick');
  expect([wrong.status, wrong.stdout, wrong.stderr]).toEqual([2, '', expect.stringContaining('--quick')]);
});

test('npm run check knows its checks', () => {
  const { status, stderr } = script('scripts/check.mjs', 'spelling');
  expect([status, stderr]).toEqual([2, expect.stringContaining('there are types, lint')]);
});
