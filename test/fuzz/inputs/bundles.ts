/** Bundles: damaged ones, and ones that were changed and then signed again, whose hashes say nothing against them. */
import {
  canonicalJson,
  METADATA,
  type Header,
  type TensorEntry,
} from '../../../src/base/safetensors/format.js';
import { tensorData } from '../../../src/base/tensor.js';
import { toDynamicBundle } from '../../../src/compile-sizes.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { sizedPlansOf } from '../../../src/loader/load-sizes.js';
import { checkPlan } from '../../../src/plan/check.js';
import { headerHash, metadataKey, sha256 } from '../../../src/plan/container.js';
import { readBundle } from '../../../src/plan/read-bundle.js';
import { planOf } from '../../../src/plan/sizes.js';
import { writeBundle } from '../../../src/codegen/bundle.js';
import { buildPreludes } from '../../../src/codegen/wgsl/prelude.js';
import { prepare } from '../../../src/compile.js';
import { weightsOf } from '../../../src/ir/weights.js';
import { openBundle } from '../../../src/cli/models/bundle.js';
import { printGraph } from '../../../src/ir/print.js';
import type { InputFamily } from './family.js';
import { randomProgram } from './graphs.js';
import { hostileValue, mutateBytes, mutateJson, mutateText } from './mutate.js';
import { Random } from './random.js';
import { jsonOf, putTogether, takeApart } from './safetensors.js';

/** A program for several sizes. */
const ROWS = {
  graph: parseGraph(`graph rows {
    %0 = param {name="x"} : f32[batch,time,6]
    %1 = weight {id="w"} : f32[6,5]
    %2 = dot %0 %1 {lhsContract=[2] rhsContract=[0]} : f32[batch,time,5]
    return y=%2
  }`),
  weights: new Map([['w', tensorData('f32', [6, 5], new Float32Array(30))]]),
};

/** Bundles of a few programs, with their graphs; some are for several sizes. */
const goods = await Promise.all(
  Array.from({ length: 12 }, async (_, i) => {
    if (i < 2) return (await toDynamicBundle(ROWS, { dims: { batch: { min: 1, max: i + 1 }, time: { min: 64, max: 96, step: 32 } } })).bytes; // prettier-ignore
    const prepared = prepare(randomProgram(new Random(i, 'bundles of the fuzzer', 0), 6));
    const { program, planned } = prepared;
    return writeBundle(planned.plan, buildPreludes(), weightsOf(program), { graph: program.graph });
  }),
);

const SIZES = metadataKey('sizes');

type Metadata = Readonly<Record<string, string>>;

/** The metadata with a field that was changed, and what was done. */
function wounded(metadata: Metadata, random: Random): { metadata: Metadata; how: string } {
  const key = random.pick([metadataKey('plan'), metadataKey('plan'), metadataKey('graph'), metadataKey('graph'), metadataKey('preludes'), metadataKey('version'), metadataKey('producer'), ...(Object.hasOwn(metadata, SIZES) ? [SIZES, SIZES, SIZES] : [])]); // prettier-ignore
  const own = metadata[key] ?? '';
  if (random.chance(0.3) || key === metadataKey('graph') || !own.startsWith('{')) {
    const graph = random.chance(0.1) ? printGraph(randomProgram(random, 6).graph) : own;
    const { text, how } = mutateText(key === metadataKey('graph') ? graph : own, random);
    return { metadata: { ...metadata, [key]: text }, how: `${key}: ${how}` };
  }
  const { value, how } = mutateJson(JSON.parse(own) as unknown, random);
  return { metadata: { ...metadata, [key]: jsonOf(value) }, how: `${key}: ${how}` };
}

/** What can be signed. */
function shallow(random: Random): unknown {
  const value = hostileValue(random);
  return jsonOf(value).startsWith('[[[[') ? [[[[]]]] : value;
}

/** A file whose hashes are right. */
async function signed(metadata: Metadata, tensors: Header['tensors'], data: Uint8Array): Promise<Uint8Array> {
  const full = { ...metadata, [metadataKey('weightsSha256')]: await sha256(data) };
  const hash = await headerHash({ metadata: full, tensors });
  const all = {
    [METADATA]: { ...full, [metadataKey('headerSha256')]: hash },
    ...Object.fromEntries(tensors),
  };
  return putTogether(canonicalJson(all), data);
}

/** All that the command line looks at, and the plans of some sizes. */
async function open(bytes: Uint8Array): Promise<void> {
  const bundle = await readBundle(bytes);
  const sized = sizedPlansOf(bundle);
  for (const size of sized?.sizes.slice(0, 4) ?? []) checkPlan(planOf(sized!, bundle.plan, size), SIZES);
  const model = await openBundle('x.heddle', bytes, {});
  void model.warning;
  void model.program;
  const prepared = model.prepare({} as never);
  void prepared.prepared;
}

export const bundles: InputFamily = {
  name: 'bundles',
  make(random) {
    const good = random.pick(goods);
    if (random.chance(0.1)) {
      const { bytes, how } = mutateBytes(good, random);
      return { describe: how, run: () => open(bytes) };
    }
    const { header, data } = takeApart(good);
    const { [METADATA]: metadata, ...entries } = header as Record<string, unknown> & { [METADATA]: Metadata };
    if (random.chance(0.15)) {
      const { value, how } = mutateJson(entries, random, shallow);
      const tensors = new Map(Object.entries(Object(value) as Record<string, TensorEntry>));
      return { describe: `tensors: ${how}`, run: async () => open(await signed(metadata, tensors, data)) };
    }
    const { metadata: changed, how } = wounded(metadata, random);
    const tensors = new Map(Object.entries(entries as Record<string, TensorEntry>));
    return { describe: how, run: async () => open(await signed(changed, tensors, data)) };
  },
};
