// Runs the cases of ONNX's backend suite, or of any folder, by the suite's own rule, and counts by operator what is right, what
// is refused, and what is wrong. See HELP. Cases run in a process of their own, so that none can end this one.
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataPath, readArguments, refuse } from './script.mjs';

const HELP = `npm run conformance -- [options]

Runs cases (folders with model.onnx and test_data_set_N) by the rule of ONNX's backend suite: type and shape equal, elements
within rtol 1e-3 and atol 1e-7, NaN equal to NaN, infinities equal to themselves alone. On a device every bit is compared with the
interpreter, too. Inputs whose values decide shapes are taken as constants.

  --suite <folder>  any folder of cases, with an index.json or without (default: onnx/suite of the data folder)
  --device <name>   reference (the interpreter; default), wasm, wasm:THREADS, webgpu, or webgpu:NAME
  --filter <re>     only the cases whose names match the regular expression
  --only <text>     only the cases with this in their names
  --cases           a line for every case that is not right
  --json <file>     write one JSON object there
  --seconds <n>     time that a case may take (default: 60)
  -h, --help        print this

The data folder is HEDDLE_DATA, or the folder shared beside this repository.
Exit codes: 0 nothing is wrong, 1 something is, 2 the suite is not there or the arguments are wrong.`;

const { values: options } = readArguments(HELP, {
  options: {
    suite: { type: 'string' },
    device: { type: 'string', default: 'reference' },
    filter: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    cases: { type: 'boolean' },
    json: { type: 'string' },
    seconds: { type: 'string', default: '60' },
  },
});

const suite = options.suite ?? dataPath('onnx/suite');
if (!existsSync(suite)) refuse(`there is no ${suite}`);
const seconds = Number(options.seconds);
if (!(seconds > 0)) refuse(`--seconds is a number above 0, not ${options.seconds}`);
const filter = expression(options.filter);

function expression(text) {
  try {
    return new RegExp(text);
  } catch (error) {
    return refuse(`--filter: ${error.message}`);
  }
}

/** The cases: of the index where there is one, else every folder with a model. */
function casesOf(folder) {
  const index = join(folder, 'index.json');
  if (!existsSync(index)) return foldersWithModels(folder).map((place) => ({ name: relative(folder, place) || '.', place })); // prettier-ignore
  // The cases of `light` are whole networks without their weights: scripts and tests of their own run them.
  return JSON.parse(readFileSync(index, 'utf8'))
    .filter((entry) => entry.folder !== 'light')
    .map((entry) => ({ ...entry, place: join(folder, entry.folder, entry.name) }));
}

function foldersWithModels(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort(); // prettier-ignore
  return [
    ...(entries.some(({ name }) => name === 'model.onnx') ? [folder] : []),
    ...inner.flatMap((name) => foldersWithModels(join(folder, name))),
  ];
}

/** A process that judges one case after the other. It is started again where a case ends it, or takes too long. */
class Judge {
  #child;

  judge(entry) {
    this.#child ??= fork(fileURLToPath(new URL('./conformance-case.mjs', import.meta.url)), [options.device]);
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (outcome, keep) => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (!keep) {
          this.#child = undefined;
          child.kill('SIGKILL');
        }
        resolve(outcome);
      };
      const timer = setTimeout(
        () => end({ outcome: 'fail', reason: `no answer in ${seconds} s` }, false),
        seconds * 1000,
      );
      child.once('message', (message) => {
        if (message.fatal !== undefined) refuse(message.fatal);
        end(message, true);
      });
      child.once('exit', (code, signal) =>
        end({ outcome: 'fail', reason: `the process ended with ${signal ?? code}` }, false),
      );
      child.send(entry);
    });
  }

  end() {
    this.#child?.kill();
  }
}

const entries = casesOf(suite).filter(({ name }) => name.includes(options.only) && filter.test(name));
const judge = new Judge();
const results = [];
for (const entry of entries) {
  const op = entry.op ?? entry.ops?.join('+') ?? entry.name;
  results.push({ name: entry.name, op, ...(await judge.judge(entry)) });
  if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${entries.length} `);
}
judge.end();
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

const OUTCOMES = ['pass', 'unsupported', 'fail'];
const count = (rows) =>
  Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length]),
  );
const mismatches = results.filter(({ bits }) => bits !== undefined);
const total = { cases: results.length, ...count(results), bitMismatches: mismatches.length };
const operators = Object.fromEntries(
  [...new Set(results.map(({ op }) => op))]
    .sort()
    .map((op) => [op, count(results.filter((row) => row.op === op))]),
);
const notRight = results.filter(({ outcome, bits }) => outcome !== 'pass' || bits !== undefined);

const line = (name, counts) => name.padEnd(34) + counts.map((cell) => String(cell).padStart(13)).join('');
const table = (name, counts, empty) =>
  line(
    name,
    OUTCOMES.map((outcome) => counts[outcome] || empty),
  );
console.log(line('operator', OUTCOMES));
for (const [op, counts] of Object.entries(operators)) console.log(table(op, counts, ''));
console.log(table('all', total, 0));
for (const { name, outcome, reason, bits } of notRight) {
  if (bits !== undefined) console.log(`bits  ${name}: ${bits}`);
  if (outcome !== 'pass' && (options.cases || outcome === 'fail'))
    console.log(`${outcome}  ${name}: ${reason}`);
}
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ device: options.device, total, operators, notRight }, undefined, 2)}\n`); // prettier-ignore
console.log(
  `\n${total.pass} passed, ${total.fail} failed, ${total.unsupported} unsupported, ${mismatches.length} bit mismatches`,
);
process.exitCode = total.fail + mismatches.length === 0 ? 0 : 1;
