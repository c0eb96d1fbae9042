/**
 * `npm run determinism`: for every layer of configs, how far devices are from the interpreter, forward and backward, in the
 * form of LOOM's own table; printed, and written into docs/config.md. Ends with 1 where anything is not 0.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { jit, readAll, treeLeaves, valueAndGrad, webgpu, type Tensor } from '../../../src/index.js';
import { referenceBackend } from '../../../src/tensor/backends/reference.js';
import type { Chain } from '../../../src/frontends/config/index.js';
import { listAdapters, openNodeDevice } from '../../../src/node/index.js';
import { CASES, OTHERS } from './cases.js';
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
  readonly backward: Difference;
}

async function rowsOn(name: string): Promise<Row[]> {
  const device = await openNodeDevice(name);
  const gpu = webgpu(device);
  const reference = referenceBackend(device.profile.subnormals);
  const rows: Row[] = [];
  for (const one of [...CASES, ...OTHERS]) {
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
  process.stderr.write('\n');
  gpu.dispose();
  device.gpu.destroy();
  return rows;
}

const text = ({ max, mean }: Difference): string => `${max} | ${mean}`;

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

const HELP = `npm run determinism

For every layer of configs, how far each adapter is from the interpreter, forward and backward: printed, and written into
docs/config.md.

  -h, --help  print this

Exit codes: 0 nothing differs, 1 something does, 2 the arguments are wrong.`;
const args = process.argv.slice(2);
if (args.length > 0) {
  const asks = args.every((arg) => arg === '--help' || arg === '-h');
  if (asks) console.log(HELP);
  else console.error(`there is no option ${args.join(' ')}\n\n${HELP}`);
  process.exit(asks ? 0 : 2);
}

const adapters = await listAdapters();
const names = [...new Set(adapters.map(({ name }) => name))];
const tables: string[] = [];
let same = true;
for (const name of names) {
  const rows = await rowsOn(`webgpu:${name}`);
  same &&= rows.every(({ forward, backward }) => forward.max === 0 && backward.max === 0);
  tables.push(`**${name}**\n\n${table(rows)}`);
  console.log(`${tables[tables.length - 1]}\n`);
}
const docs = readFileSync(DOCS, 'utf8');
const [before, rest] = [docs.slice(0, docs.indexOf(BEGIN)), docs.slice(docs.indexOf(END))];
const written = `${before}${BEGIN}\n\n${tables.join('\n\n')}\n\n${rest}`;
writeFileSync(DOCS, await format(written, { ...(await resolveConfig(DOCS)), parser: 'markdown' }));
process.exitCode = same ? 0 : 1;
