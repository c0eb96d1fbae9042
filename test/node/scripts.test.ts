/** The scripts that people call by hand: their arguments. What they measure needs the data folder, and minutes. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const run = (script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url)), ...args], {
    encoding: 'utf8',
    env: { ...process.env, HEDDLE_DATA: '/nowhere' },
  });

test.each(['conformance-case.mjs', 'mnist-accuracy.mjs'])('%s asks for modules that there are', (script) => {
  const file = (path: string): URL => new URL(`../../${path}`, import.meta.url);
  const asked = [...readFileSync(file(`scripts/${script}`), 'utf8').matchAll(/built\('(.+)\.js'\)/g)];
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter(([, module]) => !existsSync(file(`src/${module}.ts`)))).toEqual([]);
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

test('make-model.mjs has help, which needs no build', () => {
  const { status, stdout } = run('make-model.mjs', '--help');
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^usage: npm run make-model -- \[DEVICE\]/)]);
});

test('test-summary.mjs counts what was skipped apart, on a line before the last', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-summary-'));
  const summary = (statuses: readonly string[], ...args: string[]): readonly unknown[] => {
    const count = (wanted: string): number => statuses.filter((status) => status === wanted).length;
    const report = {
      numTotalTests: statuses.length,
      numPassedTests: count('passed'),
      numFailedTests: count('failed'),
      testResults: [{ status: 'passed', assertionResults: statuses.map((status) => ({ status })) }],
    };
    mkdirSync(join(folder, 'node_modules/.cache/heddle'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/.cache/heddle/test-report.json'), JSON.stringify(report));
    const script = fileURLToPath(new URL('../../scripts/test-summary.mjs', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [script, ...args], {
      encoding: 'utf8',
      cwd: folder,
    });
    return [status, stdout];
  };
  try {
    expect(summary(['passed', 'passed'], '0', '0')).toEqual([0, '2 passed, 0 failed\n']);
    expect(summary(['passed', 'skipped', 'todo'], '0', '0')).toEqual([0, '2 skipped\n1 passed, 0 failed\n']);
    expect(summary(['passed', 'failed', 'skipped'], '1', '1')).toEqual([
      1,
      '1 skipped\n1 passed, 2 failed\n',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('mnist-accuracy.mjs takes one device, and a number of images', () => {
  expect(run('mnist-accuracy.mjs', 'webgpu', 'webgpu:other')).toMatchObject({ status: 2 });
  expect(run('mnist-accuracy.mjs', '--images', 'many').stderr).toContain('--images is a number, not many');
});
