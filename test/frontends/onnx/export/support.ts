/** Exported files run in a foreign runtime, and comparison with what the interpreter says. */
import { InferenceSession, Tensor, env } from 'onnxruntime-web';
import { HOST_BYTES, isFloat, viewHost, type DType } from '../../../../src/base/dtype.js';
import { tensorBytes, type TensorData } from '../../../../src/base/tensor.js';
import { distances } from '../../../../src/cli/reports/compare.js';
import type { Program } from '../../../../src/ir/graph.js';
import { numbers } from '../../../interpreter/support.js';

env.wasm.numThreads = 1;
env.logLevel = 'fatal';

const ORT_TYPE = { f32: 'float32', f16: 'float16', i32: 'int32', u32: 'uint32', bool: 'bool' } as const satisfies Record<DType, Tensor.Type>; // prettier-ignore

/** Runs a model on onnxruntime's CPU kernels, compiled to WebAssembly. */
export async function runForeign(
  bytes: Uint8Array,
  { graph }: Program,
  inputs: Readonly<Record<string, TensorData>>,
): Promise<Record<string, TensorData>> {
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    logSeverityLevel: 4,
    // Its fusions compute f16 chains in f32.
    graphOptimizationLevel: 'disabled',
  });
  try {
    const feeds = Object.entries(inputs).map(([name, { dtype, shape, data }]): [string, Tensor] => [
      name,
      new Tensor(ORT_TYPE[dtype] as 'float32', data as Float32Array, shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      graph.outputs.map(({ name, value }) => [name, received(graph.nodes[value].type.dtype, results[name])]),
    );
  } finally {
    await session.release();
  }
}

function received(dtype: DType, { dims, data, type }: Tensor): TensorData {
  if (type !== ORT_TYPE[dtype]) throw new Error(`a result is ${type}, not ${ORT_TYPE[dtype]}`);
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  const bytes = new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
  return { dtype, shape: dims, data: viewHost(dtype, bytes, byteLength / HOST_BYTES[dtype]) };
}

interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}
/** f16 has 11 bits; a runtime that rounds in other places is off by some units of the last. */
const TOLERANCES: Readonly<Partial<Record<DType, Tolerance>>> = {
  f32: { rtol: 1e-4, atol: 1e-6 },
  f16: { rtol: 4e-3, atol: 4e-3 },
};

/** The first element that is not near enough, in a line. Integers and bools have to be equal. */
export function farApart(found: TensorData, expected: TensorData, tolerance?: Tolerance): string | undefined {
  const type = ({ dtype, shape }: TensorData): string => `${dtype}[${shape.join()}]`;
  if (type(found) !== type(expected)) return `${type(found)} instead of ${type(expected)}`;
  const { rtol, atol } = (isFloat(expected.dtype) ? tolerance : undefined) ?? TOLERANCES[expected.dtype] ?? { rtol: 0, atol: 0 }; // prettier-ignore
  const { first } = distances(found, expected, { rtol, atol });
  return (
    first && `element [${first.index.join(', ')}] is ${first.elements[0]} instead of ${first.elements[1]}`
  );
}

export const sameBits = (found: TensorData, expected: TensorData): boolean =>
  found.dtype === expected.dtype &&
  found.shape.join() === expected.shape.join() &&
  numbers(found).every((value, i) => Object.is(value, numbers(expected)[i])) &&
  tensorBytes(found).length === tensorBytes(expected).length;
