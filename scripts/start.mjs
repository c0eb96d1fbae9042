// `npm start`: a first look. Compiles the repository's own model, runs it in the interpreter, on WebAssembly and on WebGPU, and
// compares the bits of every kernel. Where the machine has no GPU of its own, the software GPU from npm takes its place.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const MODEL = 'models/digits.onnx';
const DATA = 'models/digits-data';

/** Runs a verb of the command line with --json: its exit code and what it said. */
function heddle(...args) {
  const child = spawn(process.execPath, [cli, ...args, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  const notes = [];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  createInterface({ input: child.stderr }).on('line', (line) => notes.push(line));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, notes, result: stdout === '' ? undefined : JSON.parse(stdout) }),
    );
  });
}

/** The result of a verb that must not fail; its own words and its exit code where it does. */
async function must(...args) {
  const { code, notes, result } = await heddle(...args);
  if (result === undefined || result.error !== undefined) {
    console.error(notes.join('\n'));
    process.exit(code || 1);
  }
  return { code, notes, result };
}

const ms = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0)) + ' ms';
const line = (mark, what, detail) => console.log(`  ${mark} ${what.padEnd(10)} ${detail}`);
const ok = pc.green('✓');

if (!existsSync(cli)) {
  console.error('heddle is not built yet: npm run build');
  process.exit(1);
}

console.log(
  `\n${pc.bold('Heddle')}  ${MODEL}: ONNX in, fused WGSL and WebAssembly out, the same bits on CPU and GPU\n`,
);

const plan = (await must('inspect', MODEL)).result;
const { arenaBytes, lowerBound } = plan.memory;
line(
  ok,
  'compiled',
  `${plan.ir.split('\n').length - 4} nodes -> ${plan.kernels.length} kernels, memory ${(arenaBytes / lowerBound).toFixed(2)}x the lower bound`,
);

const cpu = (await must('run', MODEL, '--data', DATA, '--device', 'reference')).result;
line(
  ok,
  'reference',
  `the interpreter says ${describe(cpu)} in ${ms(cpu.milliseconds['first run'])} (one run)`,
);

const wasm = (await must('run', MODEL, '--data', DATA, '--device', 'wasm', '--repeat', '10')).result;
line(ok, 'CPU', wasm.device);
line(' ', '', `says ${describe(wasm)} in ${ms(wasm.milliseconds.median)} (median of 10 runs)`);

const { result: gpu } = await must('run', MODEL, '--data', DATA, '--device', 'webgpu', '--repeat', '10');
line(ok, 'WebGPU', `${gpu.device}`);
line(
  ' ',
  '',
  `says ${describe(gpu)} in ${ms(gpu.milliseconds.median)} (median of 10 runs), ${gpu.kernels} kernels in ${gpu.submits} submit`,
);
for (const note of gpu.notes) line(' ', '', pc.dim(note));

let exitCode = 0;
for (const [name, device] of [
  ['CPU', 'wasm'],
  ['WebGPU', 'webgpu'],
]) {
  const { code, notes, result } = await must('verify', MODEL, '--data', DATA, '--device', device);
  if (code === 0) {
    const { values, kernels, elements } = result;
    line(ok, 'verified', `${name}: ${pc.bold('every bit agrees')} with the interpreter: ${values} values of ${kernels} kernels, ${elements.toLocaleString('en-US')} elements`); // prettier-ignore
    continue;
  }
  exitCode = code;
  line(pc.red('✗'), 'verified', `${name}: bits differ; npx heddle verify ${MODEL} --data ${DATA} --device ${device} shows where`); // prettier-ignore
  if (notes.length > 0) console.error(notes.join('\n'));
}

console.log(`
Next:
  npx heddle run ${MODEL} --data random:1
  npx heddle inspect ${MODEL} --groups
  npx heddle --help
`);
process.exitCode = exitCode;

/** The most likely digit. */
function describe({ outputs }) {
  const [{ argmax, max }] = Object.values(outputs);
  return `class ${argmax} (${(100 * max).toFixed(2)}%)`;
}
