/**
 * `npm run determinism`: for every layer of configs, and for programs of other kinds, how far devices are from the interpreter, forward and backward, in the
 * form of LOOM's own table; printed, and written into docs/config.md. Ends with 1 where anything is not 0.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import {
  compile,
  interpret,
  jit,
  readAll,
  treeLeaves,
  valueAndGrad,
  webgpu,
  type Tensor,
} from '../../../src/index.js';
import { referenceBackend } from '../../../src/tensor/backends/reference.js';
import type { Chain } from '../../../src/frontends/config/index.js';
import { listAdapters, openNodeDevice } from '../../../src/node/index.js';
import { CASES, OTHERS } from './cases.js';
import { PROGRAMS } from './programs.js';
import { inputsFor, shaken } from './support.js';

const BATCH = 2;
const DOCS = new URL('../../../docs/config.md', import.meta.url);
const [BEGIN, END] = ['<!-- determinism: npm run determinism -->', '<!-- end of determinism -->'];

/** Forward, and backward by all weights and the input. */
function both(network: Chain, x: Tensor): { readonly forward: Tensor; readonly backward: unknown } {
  const loss = (own: { readonly network: Chain; readonly x: Tensor }): [Tensor, Tensor] => {
    const output = own.network.call(own.x);
    return [output.mul(output.add(0.5)).sum(), output];
  };
  const [[, forward], backward] = valueAndGrad(loss, { aux: true })({ network, x });
  return { forward, backward };
}

const values = async (tree: unknown): Promise<number[]> =>
  (await readAll(treeLeaves(tree))).flatMap(({ data }) => [...data]);

interface Difference {
  readonly max: number;
  readonly mean: number;
}

/** NaN, which no layer here gives, would be a difference without end. */
function difference(found: readonly number[], expected: readonly number[]): Difference {
  const all = expected.map((value, i) =>
    Object.is(found[i], value) ? 0 : Math.abs(found[i] - value) || Infinity,
  );
  return {
    max: Math.max(0, ...all),
    mean: all.reduce((sum, value) => sum + value, 0) / Math.max(1, all.length),
  };
}

interface Row {
  readonly layer: string;
  readonly device: string;
  readonly cpu: number;
  readonly gpu: number;
  readonly forward: Difference;
  /** Undefined for what is only run. */
  readonly backward: Difference | undefined;
}

async function rowsOn(name: string): Promise<Row[]> {
  const device = await openNodeDevice(name);
  const gpu = webgpu(device);
  const reference = referenceBackend(device.profile.subnormals);
  const rows: Row[] = [];
  for (const one of [...CASES, ...OTHERS].filter(wanted)) {
    const [network, x] = [shaken(one.config), inputsFor(one, BATCH)];
    const run = jit(both, { backend: gpu });
    const [found, expected] = [run(network, x), jit(both, { backend: reference })(network, x)];
    const [forward, own] = [await values(found.forward), await values(expected.forward)];
    rows.push({
      layer: one.name,
      device: device.adapter.name,
      cpu: own[0],
      gpu: forward[0],
      forward: difference(forward, own),
      backward: difference(await values(found.backward), await values(expected.backward)),
    });
    run.dispose();
    process.stderr.write('.');
  }
  for (const { name: layer, make } of PROGRAMS.filter(wanted)) {
    const { program, inputs } = await make();
    const compiled = await compile(program, { device });
    const found = Object.values(await compiled.run(inputs)).flatMap(({ data }) => [...data]);
    const { outputs } = interpret(program, inputs, { subnormals: device.profile.subnormals });
    const own = Object.values(outputs).flatMap(({ data }) => [...data]);
    compiled.dispose();
    rows.push({ layer, device: device.adapter.name, cpu: own[0], gpu: found[0], forward: difference(found, own), backward: undefined }); // prettier-ignore
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  gpu.dispose();
  device.gpu.destroy();
  return rows;
}

const text = (found: Difference | undefined): string =>
  found === undefined ? '- | -' : `${found.max} | ${found.mean}`;

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ layer, cpu, gpu, forward, backward }) =>
      `| ${layer} | ${text(forward)} | ${text(backward)} | ${cpu} | ${gpu} |`,
  );
  return [
    '| layer | forward: max | mean | backward: max | mean | CPU | GPU |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

const HELP = `npm run determinism [-- --only TEXT]

For every layer of configs, how far each adapter is from the interpreter, forward and backward: printed, and written into
docs/config.md.

  --only TEXT  only the rows whose name contains TEXT, which are printed and not written
  -h, --help   print this

Exit codes: 0 nothing differs, 1 something does, 2 the arguments are wrong.`;
const args = process.argv.slice(2);
const only = args.length === 2 && args[0] === '--only' ? args[1] : undefined;
if (args.length > 0 && only === undefined) {
  const asks = args.every((arg) => arg === '--help' || arg === '-h');
  if (asks) console.log(HELP);
  else console.error(`there is no option ${args.join(' ')}\n\n${HELP}`);
  process.exit(asks ? 0 : 2);
}
const wanted = ({ name }: { readonly name: string }): boolean => only === undefined || name.includes(only);

const adapters = await listAdapters();
const names = [...new Set(adapters.map(({ name }) => name))];
const tables: string[] = [];
let same = true;
for (const name of names) {
  const rows = await rowsOn(`webgpu:${name}`);
  same &&= rows.every(({ forward, backward }) => forward.max === 0 && (backward?.max ?? 0) === 0);
  tables.push(`**${name}**\n\n${table(rows)}`);
  console.log(`${tables[tables.length - 1]}\n`);
}
if (only !== undefined) process.exit(same ? 0 : 1);
const docs = readFileSync(DOCS, 'utf8');
const [before, rest] = [docs.slice(0, docs.indexOf(BEGIN)), docs.slice(docs.indexOf(END))];
const written = `${before}${BEGIN}\n\n${tables.join('\n\n')}\n\n${rest}`;
writeFileSync(DOCS, await format(written, { ...(await resolveConfig(DOCS)), parser: 'markdown' }));
process.exitCode = same ? 0 : 1;
