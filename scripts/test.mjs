// Runs vitest once; arguments go to it. With --fuzz first, only the tests named *.fuzz.test.ts, with FUZZ_RUNS cases
// each (default 1,000), from a new seed every time unless FUZZ_SEED says which: `npm run fuzz -- -t softmax`. With --browser first,
// only those named *.browser.test.ts, which drive Chromium.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// lavapipe's start-up chatter, a hundred lines for every process.
const chatter = /^Warning: maxDynamic\w+BuffersPerPipelineLayout artificially reduced/;

const args = process.argv.slice(2);
const env = { ...process.env };
if (args[0] === '--fuzz') {
  args.splice(0, 1, '.fuzz.test.ts', '--passWithNoTests');
  env.FUZZ_RUNS ??= '1000';
}
if (args[0] === '--long') {
  args.splice(0, 1, '.long.test.ts');
  env.HEDDLE_LONG = '1';
}
if (args[0] === '--browser') {
  args.splice(0, 1, '.browser.test.ts');
  env.HEDDLE_BROWSER = '1';
}
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...args], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: ['inherit', 'inherit', 'pipe'],
  env,
});
createInterface({ input: child.stderr }).on('line', (line) => {
  if (!chatter.test(line)) console.error(line);
});
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
