// Runs the cases of ONNX's backend suite that take and give plain tensors, and those of control flow, by its own rule (rtol
// 1e-3, atol 1e-7, type and shape equal), and counts by operator what is right, what is refused, and what is wrong. See
// HELP.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { built, dataPath, readArguments, refuse } from './script.mjs';

const HELP = `npm run conformance -- [options]

Runs the official ONNX backend suite's cases of plain tensors and of control flow (node, simple, pytorch-converted,
pytorch-operator), and prints for every operator how many are right, refused as unsupported, or wrong.

  --device <name>   reference (the interpreter; default), webgpu, or webgpu:NAME
  --only <text>     only the cases with this in their names
  --cases           a line for every case that is not right
  --json            print one JSON object
  -h, --help        print this

The suite lies in onnx/suite of the data folder: HEDDLE_DATA, or the folder shared beside this repository.
Exit codes: 0 nothing is wrong, 1 something is, 2 the suite is not there or the arguments are wrong.`;

const { values: options } = readArguments(HELP, {
  options: {
    device: { type: 'string', default: 'reference' },
    only: { type: 'string', default: '' },
    cases: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});

const suite = dataPath('onnx/suite');
const { compile, HeddleError, interpret } = await built('index.js');
const { importOnnx } = await built('frontends/onnx/index.js');
const { readHostTensor } = await built('frontends/onnx/tensor.js');
const { toTensorData } = await built('frontends/onnx/host.js');
const { compareWithFile } = await built('cli/reports/compare.js');
const TOLERANCE = { rtol: 1e-3, atol: 1e-7 };

/** Errors that say what Heddle does not do; every other error is a fault. */
const isRefusal = (error) =>
  error instanceof HeddleError &&
  (error.code.startsWith('ONNX_UNSUPPORTED_') ||
    ['ONNX_DYNAMIC_SHAPE', 'LIMIT_EXCEEDED'].includes(error.code));

const device = options.device === 'reference' ? undefined : await openDevice(options.device);

async function openDevice(name) {
  const { openNodeDevice } = await built('node/index.js');
  return openNodeDevice(name).catch((error) => refuse(error.message));
}

/** The outputs of a program by name. */
async function outputsOf(program, inputs) {
  if (device === undefined) return interpret(program, inputs).outputs;
  const compiled = await compile(program, { device });
  try {
    return await compiled.run(inputs);
  } finally {
    compiled.dispose();
  }
}

/** Runs one case; what is wrong with its outputs, or undefined. */
async function problemOf({ name, folder, inputs: ports, valueInputs = [] }) {
  const place = join(suite, folder, name);
  const read = (kind, i) => {
    const path = join(place, 'test_data_set_0', `${kind}_${i}.pb`);
    return existsSync(path) ? { file: path, ...readHostTensor(readFileSync(path), path) } : undefined;
  };
  const given = ports.flatMap((port, i) => {
    const found = read('input', i);
    return found === undefined ? [] : [[port.name, toTensorData(found.host, found.file)]];
  });
  // Inputs whose values decide shapes are constants, as they are in models that people export.
  const fixed = new Map(given.filter(([port]) => valueInputs.includes(port)));
  const program = importOnnx(readFileSync(join(place, 'model.onnx')), { fileName: name, weights: fixed });
  const outputs = await outputsOf(program, Object.fromEntries(given.filter(([port]) => !fixed.has(port))));
  for (const [i, port] of program.outputs.entries()) {
    const expected = read('output', i);
    if (expected === undefined) continue;
    const given = { name: port.name, declared: port.dtype, tensor: outputs[port.name] };
    const { problem } = compareWithFile(given, { ...expected, format: 'pb' }, TOLERANCE);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function judge(entry) {
  const { name, op, ops } = entry;
  const row = { name, op: op ?? ops.join('+') };
  try {
    const problem = await problemOf(entry);
    return problem === undefined ? { ...row, outcome: 'pass' } : { ...row, outcome: 'fail', reason: problem };
  } catch (error) {
    const { code = 'INTERNAL', found } = error;
    const [sentence] = String(error.message).split('\n');
    const reason = `${sentence.startsWith(code) ? sentence : `${code}: ${sentence}`}${found === undefined ? '' : ` (${found})`}`;
    return { ...row, outcome: isRefusal(error) ? 'unsupported' : 'fail', reason, code };
  }
}

const CLASSES = ['tensor', 'control'];
const index = JSON.parse(readFileSync(join(suite, 'index.json'), 'utf8'));
// The cases of `light` are whole networks without their weights: scripts and tests of their own run them.
const entries = index.filter(
  ({ class: kind, folder, name }) =>
    CLASSES.includes(kind) && folder !== 'light' && name.includes(options.only),
);
const results = [];
for (const entry of entries) {
  results.push(await judge(entry));
  if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${entries.length} `);
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

const OUTCOMES = ['pass', 'unsupported', 'fail'];
const count = (rows) =>
  Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length]),
  );
const total = { cases: results.length, ...count(results) };
const operators = Object.fromEntries(
  [...new Set(results.map(({ op }) => op))]
    .sort()
    .map((op) => [op, count(results.filter((row) => row.op === op))]),
);
const notRight = results.filter(({ outcome }) => outcome !== 'pass');

if (options.json)
  console.log(
    JSON.stringify({ device: device?.name ?? 'reference', total, operators, notRight }, undefined, 2),
  );
else {
  const line = (name, counts) => name.padEnd(34) + counts.map((cell) => String(cell).padStart(13)).join('');
  console.log(line('operator', OUTCOMES));
  for (const [op, counts] of Object.entries(operators))
    console.log(
      line(
        op,
        OUTCOMES.map((outcome) => counts[outcome] || ''),
      ),
    );
  console.log(
    line(
      'all',
      OUTCOMES.map((outcome) => total[outcome]),
    ),
  );
  for (const { name, outcome, reason } of notRight)
    if (options.cases || outcome === 'fail') console.log(`${outcome}  ${name}: ${reason}`);
  console.log(
    `\n${total.pass} of ${total.cases} cases are right on ${device?.name ?? 'the interpreter'}; ` +
      `${total.unsupported} are refused, ${total.fail} are wrong`,
  );
}
device?.gpu.destroy();
process.exitCode = total.fail === 0 ? 0 : 1;
