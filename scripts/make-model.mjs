// `npm run make-model`: builds the package, trains the repository's own model with it (digits-model.ts) and writes an
// example for that, so that `npm start` and the tests need nothing from outside.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HELP = `usage: npm run make-model -- [DEVICE]

  DEVICE  reference, webgpu (the default) or webgpu:NAME; the same bytes come out on each that keeps subnormals`;

const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// Help needs no build.
const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(HELP);
  process.exit(0);
}
run('npm', ['run', 'build', '--silent']);
run(process.execPath, ['--import', 'tsx', 'scripts/digits-model.ts', ...args]);
run(process.execPath, ['--import', 'tsx', 'scripts/model-data.ts']);
