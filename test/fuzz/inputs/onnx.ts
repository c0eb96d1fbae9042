/** ONNX models: damaged bytes, and small models whose parts do not belong together. */
import { readFileSync } from 'node:fs';
import {
  encodeModel,
  node,
  port,
  tensor,
  type Proto,
  type ProtoAttribute,
} from '../../../scripts/onnx-proto.mjs';
import { elementCount } from '../../../src/base/tensor.js';
import { prepare } from '../../../src/compile.js';
import { importOnnx, type OnnxProgram } from '../../../src/frontends/onnx/index.js';
import { registry } from '../../../src/frontends/onnx/ops/index.js';
import { isStatic } from '../../../src/ir/dim.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import type { InputFamily } from './family.js';
import { mutateBytes, sizeOf } from './mutate.js';
import type { Random } from './random.js';

const digits = new Uint8Array(readFileSync(new URL('../../../models/digits.onnx', import.meta.url)));

const OPS = registry.names();
const DTYPES = ['float', 'float', 'float', 'int64', 'int32', 'bool', 'uint8', 'int8', 'double'] as const;
const TEXTS = ['linear', 'nearest', 'constant', 'reflect', 'edge', 'wrap', 'SAME_UPPER', 'SAME_LOWER', 'VALID', 'sum', 'mean', 'none', 'DCR', 'CRD', 'ij,jk->ik', '...i->i', 'forward', 'bidirectional', 'half_pixel', 'tanh', '']; // prettier-ignore
const LISTS = ['axes', 'perm', 'pads', 'strides', 'dilations', 'kernel_shape', 'output_shape', 'output_padding', 'split', 'shape', 'starts', 'ends', 'steps', 'scales', 'sizes', 'repeats', 'value_ints', 'direction']; // prettier-ignore
const NUMBERS = ['axis', 'group', 'keepdims', 'noop_with_empty_axes', 'to', 'k', 'largest', 'sorted', 'exclusive', 'reverse', 'ceil_mode', 'count_include_pad', 'storage_order', 'allowzero', 'transA', 'transB', 'num_outputs', 'blocksize', 'batch_dims', 'size', 'p', 'hidden_size', 'num_heads', 'q_num_heads', 'kv_num_heads', 'start', 'end', 'upper', 'select_last_index', 'interleaved', 'num_groups', 'value_int', 'fmod', 'detect_negative', 'stash_type', 'is_causal', 'training_mode']; // prettier-ignore
const FLOATS = ['alpha', 'beta', 'epsilon', 'gamma', 'bias', 'lambd', 'momentum', 'ratio', 'value_float', 'scale', 'softcap', 'min', 'max', 'extrapolation_value']; // prettier-ignore
const WORDS = ['mode', 'auto_pad', 'reduction', 'equation', 'direction', 'coordinate_transformation_mode', 'nearest_mode', 'approximate', 'layout', 'value_string']; // prettier-ignore

const whole = (random: Random): number => {
  const size = random.chance(0.3) ? -random.integer(0, 3) : Math.trunc(sizeOf(random));
  return Number.isSafeInteger(size) ? size : 2 ** 40;
};

function attributes(random: Random): Record<string, ProtoAttribute> {
  const entries = random.times(random.integer(0, 4), (): readonly [string, ProtoAttribute] => {
    const kind = random.integer(0, 9);
    if (kind < 4) return [random.pick(LISTS), random.times(random.integer(0, 5), () => whole(random))];
    if (kind < 7) return [random.pick(NUMBERS), whole(random)];
    if (kind < 8) return [random.pick(FLOATS), { float: random.pick([0, 0.5, -1, 1e30]) }];
    if (kind < 9) return [random.pick(WORDS), random.pick(TEXTS)];
    return ['value', { tensor: constant('', random) }];
  });
  return Object.fromEntries(entries);
}

const shape = (random: Random): number[] =>
  random.times(random.pick([0, 1, 1, 2, 2, 3, 4, 4, 5]), () =>
    random.chance(0.05) ? 0 : random.integer(1, 4),
  );

function constant(name: string, random: Random): Proto {
  const dtype = random.pick(DTYPES);
  const dims = shape(random);
  return tensor(name, dtype, dims, random.times(elementCount(dims), () => {
    const value = whole(random);
    return dtype === 'int64' ? BigInt(value) : value;
  })); // prettier-ignore
}

/** One to four nodes, most of which take what stands before them. */
function randomModel(random: Random): { bytes: Uint8Array; how: string } {
  const initializer: Proto[] = [];
  const input: Proto[] = [];
  const values: string[] = [];
  const fresh = (): string => {
    const name = `v${values.length}`;
    values.push(name);
    if (random.chance(0.5)) initializer.push(constant(name, random));
    else {
      const dims = shape(random).map((dim) => (random.chance(0.05) ? 'N' : random.chance(0.03) ? Math.max(1, whole(random)) : dim)); // prettier-ignore
      input.push(port(name, random.pick(DTYPES), dims));
    }
    return name;
  };
  const ops = random.times(random.integer(1, 4), () => random.pick(OPS));
  const nodes = ops.map((op, i) => {
    const operands = random.times(random.integer(0, 4), () => {
      if (random.chance(0.05)) return '';
      return values.length > 0 && random.chance(0.5) ? random.pick(values) : fresh();
    });
    const [type, domain = ''] = op.split(':').reverse();
    const outputs = random.times(random.integer(1, 2), (j) => `o${i}_${j}`);
    const made = { ...node(type, operands, outputs, attributes(random)), domain };
    values.push(...outputs);
    return made;
  });
  const bytes = encodeModel(
    { name: 'm', node: nodes, initializer, input, output: [port(random.pick(values), 'float', [])] },
    { opset: random.integer(6, 24), domains: { 'com.microsoft': 1 } },
  );
  return { bytes, how: ops.join(', ') };
}

const isSmall = ({ graph }: OnnxProgram): boolean =>
  graph.nodes.length < 60 && graph.nodes.every(({ type }) => type.shape.every(isStatic) && elementCount(type.shape as number[]) < 5000); // prettier-ignore

function read(bytes: Uint8Array): void {
  const program = importOnnx(bytes);
  verifyGraph(program.graph);
  if (isSmall(program)) prepare(program);
}

export const onnxBytes: InputFamily = {
  name: 'onnx-bytes',
  make(random) {
    const { bytes, how } = random.chance(0.3)
      ? mutateBytes(digits, random)
      : mutateBytes(randomModel(random).bytes, random);
    return { describe: how, run: () => void importOnnx(bytes) };
  },
};

export const onnxModels: InputFamily = {
  name: 'onnx-models',
  make(random) {
    const { bytes, how } = randomModel(random);
    return { describe: how, run: () => read(bytes) };
  },
};
