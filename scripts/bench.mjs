// `npm run bench`: installs the peers, which are not dependencies of the package, and starts the benchmark.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// Help needs neither the peers nor a build.
if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
  run(process.execPath, ['bench/run.mjs', '--help']);
  process.exit(0);
}
const { dependencies } = JSON.parse(readFileSync(`${root}/bench/package.json`, 'utf8'));
const isInstalled = (name) => existsSync(`${root}/bench/node_modules/${name}`);
if (!Object.keys(dependencies).every(isInstalled)) run('npm', ['ci', '--prefix', 'bench']);
run('npm', ['run', 'build', '--silent']);
run(process.execPath, ['bench/run.mjs', ...process.argv.slice(2)]);
