// `npm run bench`: installs the peers, which are not dependencies of the package, and starts the benchmark.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(`${root}/bench/node_modules`)) run('npm', ['ci', '--prefix', 'bench']);
run('npm', ['run', 'build', '--silent']);
run(process.execPath, ['bench/run.mjs', ...process.argv.slice(2)]);
