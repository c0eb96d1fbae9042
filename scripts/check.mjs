// The checks of `npm run check`, one after the other, each with its name before it and its time after it. With names of checks as
// arguments, only these.
import { spawnSync } from 'node:child_process';
import { refuse } from './script.mjs';

const CHECKS = ['types', 'lint', 'format', 'layers', 'consumer'];

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !CHECKS.includes(name));
if (unknown !== undefined) refuse(`npm run check [-- NAME ...]: there is no check ${unknown}; there are ${CHECKS.join(', ')}`); // prettier-ignore

for (const name of CHECKS.filter((check) => asked.length === 0 || asked.includes(check))) {
  console.log(`${name} ...`);
  const start = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', `check:${name}`], { stdio: 'inherit' });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(`${name}: failed after ${seconds} s`);
    process.exit(1);
  }
  console.log(`${name}: ok, ${seconds} s`);
}
