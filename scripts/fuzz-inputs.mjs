/**
 * `npm run fuzz:inputs -- [--seed N] [--minutes M] [--count N] [--family NAME]... [--only K]`: hostile files, configs and
 * calls. Ends with exit code 1 where one of them is answered by anything but a result or a typed error, in time and in memory.
 */
import { readArguments } from './script.mjs';
import { FAMILIES } from '../test/fuzz/inputs/index.ts';
import { watch } from '../test/fuzz/inputs/watch.ts';

const HELP = `usage: npm run fuzz:inputs -- [--seed N] [--minutes M] [--count N] [--family NAME]... [--only K]

  --seed N       decides all inputs (default: of the clock)
  --minutes M    for all families together (default: 10)
  --count N      inputs, the families in turn, at most
  --family NAME  only this family; repeatable
  --only K       only input K of one family
`;

const { values } = readArguments(HELP, {
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    minutes: { type: 'string', default: '10' },
    count: { type: 'string' },
    family: { type: 'string', multiple: true },
    only: { type: 'string' },
  },
});

const fail = (message) => {
  console.error(message);
  process.exit(2);
};
const integer = (name, text) => {
  if (!/^\d+$/.test(text)) fail(`--${name} ${text}: expected a whole number`);
  return Number(text);
};

const names = FAMILIES.map(({ name }) => name);
const families = values.family ?? names;
const unknown = families.find((name) => !names.includes(name));
if (unknown !== undefined) fail(`--family ${unknown}: expected one of ${names.join(', ')}`);
if (values.only !== undefined && families.length !== 1) fail('--only needs one --family');

const seed = integer('seed', values.seed) % 2 ** 32;
const minutes = Number(values.minutes);
if (!(minutes > 0)) fail(`--minutes ${values.minutes}: expected a number above 0`);
const from = values.only === undefined ? 0 : integer('only', values.only);
const count =
  values.only !== undefined
    ? 1
    : values.count === undefined
      ? Number.MAX_SAFE_INTEGER
      : integer('count', values.count);

const found = { untyped: 0, hang: 0, memory: 0 };
const text = (inputs) =>
  `${inputs} inputs, ${found.untyped} untyped, ${found.hang} hangs, ${found.memory} over memory`;

/** Faults by where they arose: each is told once in full. */
const seen = new Map();
const onFinding = ({ kind, family, position, what, describe }) => {
  found[kind]++;
  const lines = what.split('\n');
  const place = lines.find((line) => /^\s+at .*\/src\//.test(line)) ?? '';
  const key = kind === 'untyped' ? `${lines[0].replaceAll(/\d+/g, '#').slice(0, 80)}${place}` : family;
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  if (times > 3) return;
  console.log(`\n${kind}: ${family} ${position}${describe === '' ? '' : `: ${describe}`}`);
  console.log(lines.slice(0, times === 1 ? 8 : 1).join('\n'));
  console.log(`again: npm run fuzz:inputs -- --seed ${seed} --family ${family} --only ${position}`);
};

console.log(`seed ${seed}; ${families.join(', ')}`);
let told = Date.now();
const inputs = await watch({
  module: new URL('../test/fuzz/inputs/index.ts', import.meta.url).href,
  seed,
  families,
  from,
  count,
  until: Date.now() + minutes * 60_000,
  onFinding,
  onProgress: (done) => {
    if (Date.now() - told < 10_000) return;
    told = Date.now();
    console.log(text(done));
  },
});
console.log(text(inputs));
process.exit(found.untyped + found.hang + found.memory === 0 ? 0 : 1);
