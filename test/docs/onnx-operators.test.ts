/** The table of operators says what the importer takes. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('docs/onnx-operators.md lists the operators of the importer', () => {
  expect(() =>
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/onnx-operators.mjs', '--check'], {
      cwd: root,
      stdio: 'pipe',
    }),
  ).not.toThrow();
});
