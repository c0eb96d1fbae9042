/** Small models built in place, the data folder, and comparison by ONNX's own tolerance. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import {
  encodeModel,
  node,
  port,
  tensor,
  type Proto,
  type ProtoAttribute,
  type ProtoDType,
} from '../../../scripts/onnx-proto.mjs';
import { HeddleError, type ErrorCode } from '../../../src/base/errors.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { distances } from '../../../src/cli/reports/compare.js';
import { importOnnx, type ImportOptions, type OnnxProgram } from '../../../src/frontends/onnx/index.js';
import type { OnnxDType } from '../../../src/frontends/onnx/dtype.js';
import { fromBigInts, fromNumbers, type HostTensor } from '../../../src/frontends/onnx/host.js';
import { hostTensor, needsWords, wordsOf } from '../../../src/frontends/onnx/wide/storage.js';
import type { WideDType } from '../../../src/frontends/onnx/wide/value.js';
import { interpret } from '../../../src/interpreter/index.js';
import { verifyGraph } from '../../../src/ir/verify.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const dataFolder = process.env.HEDDLE_DATA ?? `${repository}../shared`;

/** A file of the repository. */
export const ownFile = (path: string): Uint8Array => readFileSync(`${repository}${path}`);
/** A file of the data folder, which a fresh clone does not have. */
export const dataFile = (path: string): Uint8Array => readFileSync(dataPath(path));
export const dataPath = (path: string): string => `${dataFolder}/${path}`;
export const haveData = existsSync(`${dataFolder}/onnx/models`);

/** A group of tests over the data folder: skipped, saying so, where it is absent. */
export const describeWithData = (name: string, body: () => void): void => {
  const reason = haveData ? '' : ' (skipped: no data folder; set HEDDLE_DATA)';
  describe.runIf(haveData)(`${name}${reason}`, body);
};

export interface Operand {
  readonly dtype?: ProtoDType;
  readonly shape: readonly (number | string)[];
  readonly data: readonly (number | bigint)[];
  /** As an initializer, so that the importer knows it. */
  readonly known?: boolean;
}

export const given = (
  shape: readonly number[],
  data: readonly number[],
  dtype: ProtoDType = 'float',
): Operand => ({
  dtype,
  shape,
  data,
});
export const known = (
  shape: readonly number[],
  data: readonly (number | bigint)[],
  dtype: ProtoDType = 'int64',
): Operand => ({ dtype, shape, data, known: true });

export interface OneNode {
  /** Default: ai.onnx. Of another domain `opset` is the version. */
  readonly domain?: string;
  readonly op: string;
  readonly operands: readonly (Operand | undefined)[];
  readonly attributes?: Readonly<Record<string, ProtoAttribute>>;
  readonly opset?: number;
  readonly outputs?: readonly ProtoDType[];
}

/** A model of one node, its operands in0, in1, ... and results out0, ... */
export function oneNodeModel({
  domain = '',
  op,
  operands,
  attributes = {},
  opset = domain === '' ? MODEL_OPSET : 1,
  outputs = ['float'],
}: OneNode): Uint8Array {
  const entries = operands.map((operand, i) => ({ name: operand === undefined ? '' : `in${i}`, operand }));
  const those = (wanted: boolean): { name: string; operand: Operand }[] =>
    entries.filter(
      (e): e is { name: string; operand: Operand } =>
        e.operand !== undefined && (e.operand.known ?? false) === wanted,
    );
  return encodeModel(
    {
      name: op,
      node: [
        node(
          op,
          entries.map(({ name }) => name),
          outputs.map((_, i) => `out${i}`),
          attributes,
          domain,
        ),
      ],
      initializer: those(true).map(({ name, operand }) =>
        tensor(name, operand.dtype ?? 'float', operand.shape as number[], operand.data),
      ),
      input: those(false).map(({ name, operand }) => port(name, operand.dtype ?? 'float', operand.shape)),
      output: outputs.map((dtype, i) => port(`out${i}`, dtype)),
    },
    domain === '' ? { opset } : { opset: MODEL_OPSET, domains: { [domain]: opset } },
  );
}

/** Of ai.onnx, beside a node of another domain. */
const MODEL_OPSET = 21;

/** Imports a model and checks the graph. */
export function importVerified(bytes: Uint8Array, options: ImportOptions = {}): OnnxProgram {
  const program = importOnnx(bytes, options);
  verifyGraph(program.graph);
  return program;
}

/** A result; elements that the program has words for are numbers, which may be rounded. */
export type NodeResult =
  TensorData | { readonly dtype: OnnxDType; readonly shape: readonly number[]; readonly data: Float64Array };

/** The results of a model of one node. */
export function runNode(spec: OneNode): NodeResult[] {
  const hosts = spec.operands.map((operand) => operand && hostOf(operand));
  const wideInputs = hosts.flatMap((host, i) =>
    host !== undefined && !spec.operands[i]!.known && needsWords(host) ? [`in${i}`] : [],
  );
  const program = importVerified(oneNodeModel(spec), { wideInputs });
  const inputs = program.inputs.map(({ name, type, paired }): readonly [string, TensorData] => {
    const operand = spec.operands[Number(name.slice(2))]!;
    if (paired) return [name, wordsOf(hostOf(operand) as HostTensor<WideDType>)] as const;
    const arrays = {
      f32: Float32Array,
      f16: Uint16Array,
      i32: Int32Array,
      u32: Uint32Array,
      bool: Uint8Array,
    };
    const data = arrays[type.dtype].from(operand.data.map(Number));
    return [name, { dtype: type.dtype, shape: operand.shape as number[], data }] as const;
  });
  const { outputs } = interpret(program, Object.fromEntries(inputs));
  return program.outputs.map(({ name, dtype, paired }) =>
    paired ? asNumbers(hostTensor(outputs[name], dtype, true)) : outputs[name],
  );
}

const asNumbers = ({ dtype, shape, data }: HostTensor): NodeResult => ({
  dtype,
  shape,
  data: Float64Array.from(data as ArrayLike<number | bigint>, Number),
});

const hostOf = ({ dtype = 'float', shape, data }: Operand): HostTensor =>
  dtype === 'int64' || dtype === 'uint64'
    ? fromBigInts(dtype, shape as number[], data.map(BigInt))
    : fromNumbers(dtype, shape as number[], data.map(Number));

/** Shape and elements of the first result of a model of one node. */
export function resultOf(spec: OneNode): { shape: readonly number[]; data: number[] } {
  const [{ shape, data }] = runNode(spec);
  return { shape, data: Array.from(data, Number) };
}

/** The runner rule of the ONNX backend suite: dtype and shape exact, elements within rtol 1e-3 and atol 1e-7. */
export function expectOnnxClose(found: TensorData, expected: TensorData): void {
  expect({ dtype: found.dtype, shape: found.shape }).toEqual({
    dtype: expected.dtype,
    shape: expected.shape,
  });
  expect(distances(found, expected, { rtol: 1e-3, atol: 1e-7 }).first).toBeUndefined();
}

/** The error of `body`, which must be a HeddleError of this code. */
export function errorOf(code: ErrorCode, body: () => unknown): HeddleError {
  try {
    body();
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    expect(error.code, error.message).toBe(code);
    return error;
  }
  throw new Error(`expected ${code}, but nothing was thrown`);
}

/** mulberry32. */
export function random(start: number): (below: number) => number {
  let state = start | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export type { Proto };

/** An f32 tensor; of zeros without data. */
export const f32Of = (
  shape: readonly number[],
  data = new Float32Array(shape.reduce((a, b) => a * b, 1)),
): TensorData => ({ dtype: 'f32', shape, data });
