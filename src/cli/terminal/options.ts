/** What the arguments of options have to look like. Commander turns what is thrown here into an error of usage. */
import { InvalidArgumentError } from 'commander';
import type { TensorData } from '../../base/tensor.js';
import type { DimRange } from '../../ir/graph.js';
import { isBlockSize } from '../../quantize/scheme.js';
import { GPU_TARGET_NAMES, TARGET_NAMES, type GpuTargetName, type TargetName } from './targets.js';

/** The interpreter, as a device. */
export const REFERENCE = 'reference';

/** Values of symbolic dimensions by name, or the range that they stay in. */
export type Dims = Readonly<Record<string, number | DimRange>>;

/** Options of every verb. */
export interface CommonOptions {
  readonly json?: boolean;
}

/** Options of every verb that takes a model. */
export interface ModelOptions extends CommonOptions {
  readonly dim?: Dims;
  readonly seededWeights?: string;
  /** Of a network config: a safetensors file. */
  readonly weights?: string;
  /** Of a network config: what it may ask for. */
  readonly maxWeights?: number;
  readonly maxSteps?: number;
  /** Of an ONNX model: tensors that take the place of its own, by name. No option says it, but verbs may. */
  readonly tensors?: ReadonlyMap<string, TensorData>;
}

/** What people may ask for: `auto` is what the device at hand is. */
export type TargetChoice = TargetName | 'auto';
export const TARGET_CHOICES: readonly TargetChoice[] = [...TARGET_NAMES, 'auto'];
export type GpuTargetChoice = GpuTargetName | 'auto';
const GPU_TARGET_CHOICES: readonly GpuTargetChoice[] = [...GPU_TARGET_NAMES, 'auto'];

/** What a bundle is for: a shape of kernels for WebGPU, and kernels for WebAssembly beside them or not. */
export interface BundleTarget {
  readonly webgpu: GpuTargetChoice;
  readonly wasm: boolean;
}

/** `webgpu,wasm`: the first is a kind of GPU, or `webgpu` for any. */
export function parseBundleTarget(text: string): BundleTarget {
  const [first, ...others] = text.split(',');
  const webgpu = GPU_TARGET_CHOICES.find((choice) => choice === (first === 'webgpu' ? 'gpu' : first));
  if (webgpu !== undefined && (others.length === 0 || others.join() === 'wasm'))
    return { webgpu, wasm: others.length > 0 };
  throw new InvalidArgumentError(
    `It is webgpu, ${GPU_TARGET_CHOICES.join(', ')}, or one of them with wasm: webgpu,wasm.`,
  );
}

/** Adds one `name=value`, `name=least..most` or `name=least..most:step` to those that were given before. */
export function collectDim(text: string, earlier: Dims = {}): Dims {
  const match = /^(.+)=(\d+)(?:\.\.(\d*)(?::([1-9]\d*))?)?$/s.exec(text);
  if (match === null)
    throw new InvalidArgumentError(
      'It is name=value, such as batch=1, or a range, such as batch=1..64 or width=32..320:32.',
    );
  const [, name, value] = match;
  const end = match.at(3);
  if (Object.hasOwn(earlier, name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  if (end === undefined) return { ...earlier, [name]: Number(value) };
  const step = match.at(4);
  const range: DimRange = {
    min: Number(value),
    max: end === '' ? Infinity : Number(end),
    ...(step === undefined ? {} : { step: Number(step) }),
  };
  if (range.min > range.max) throw new InvalidArgumentError('A range ends where it begins, or later.');
  return { ...earlier, [name]: range };
}

/** Names, each with what is given for it. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** Adds one `name=value` to those that were given before; `what` says both. */
export const collectPair =
  (what: string) =>
  (text: string, earlier: Pairs = []): Pairs => {
    const match = /^([^=]+)=(.+)$/s.exec(text);
    if (match === null) throw new InvalidArgumentError(`It is ${what}.`);
    const [, name, value] = match;
    if (earlier.some(([other]) => other === name))
      throw new InvalidArgumentError(`"${name}" is given twice.`);
    return [...earlier, [name, value]];
  };

/** Adds one name to those that were given before. */
export const collectName = (text: string, earlier: readonly string[] = []): readonly string[] => [
  ...earlier,
  text,
];

export function parseDevice(text: string): string {
  if (text === REFERENCE || isAdapterName(text) || isWasmName(text)) return text;
  throw new InvalidArgumentError(`It is ${REFERENCE}, wasm, wasm:THREADS, webgpu, or webgpu:NAME.`);
}

/** `wasm`, or `wasm:2` for two threads. */
const WASM_NAME = /^wasm(?::([1-9]\d{0,2}))?$/;

export const isWasmName = (text: string): boolean => WASM_NAME.test(text);

/** The number of threads in a name for the WebAssembly engine; undefined where it has none. */
export function threadsIn(name: string): number | undefined {
  const threads = WASM_NAME.exec(name)?.[1];
  return threads === undefined ? undefined : Number(threads);
}

const ADAPTER_NAME = 'webgpu, or webgpu:NAME with a part of the name of an adapter';

export function parseAdapterName(text: string): string {
  if (isAdapterName(text)) return text;
  const why = text === REFERENCE ? `${REFERENCE} is the interpreter, which devices are compared with. ` : '';
  throw new InvalidArgumentError(`${why}It is ${ADAPTER_NAME}.`);
}

/** A device that kernels are made for. */
export function parseKernelDevice(text: string): string {
  if (text === REFERENCE) throw new InvalidArgumentError(`${REFERENCE} is the interpreter, which has no kernels. It is wasm, ${ADAPTER_NAME}.`); // prettier-ignore
  return isWasmName(text) ? text : parseAdapterName(text);
}

/** The device of `verify`. */
export function parseVerified(text: string): string {
  if (text !== REFERENCE) return isWasmName(text) ? text : parseAdapterName(text);
  throw new InvalidArgumentError(
    `${REFERENCE} is the interpreter, which devices are compared with: it would be compared with itself. It is wasm, ${ADAPTER_NAME}.`,
  );
}

const isAdapterName = (text: string): boolean => /^webgpu(:.+)?$/.test(text);

/** A kernel by its number, or by a part of what it is called; true stands for all kernels. */
export type KernelChoice = true | number | string;

export const parseKernel = (text: string): KernelChoice =>
  text === 'all' ? true : /^\d{1,6}$/.test(text) ? Number(text) : text;

/** `--wgsl` and `--wat`, which take a kernel or nothing, would take the model as well where that follows: a file, or like one. */
export const separated = (args: readonly string[], isFile: (path: string) => boolean): string[] =>
  args.map((arg, i) => {
    const next = args.at(i + 1) ?? '';
    const model = /\.(onnx|json|heddle)$/.test(next) || /[/\\]/.test(next) || isFile(next);
    const takesKernel = arg === '--wgsl' || arg === '--wat';
    return takesKernel && !/^(\d+|all)$/.test(next) && model ? `${arg}=all` : arg;
  });

export function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 0 to 999,999.');
}

/** A number that chooses random ones. */
export function parseSeed(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It is a whole number from 0 to 2^53 - 1.');
}

export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 2 ** 16) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 0 to 65535.');
}

export function parsePositiveCount(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1 to 999,999.');
}

export function parseBlockSize(text: string): number {
  const value = parseCount(text);
  if (isBlockSize(value)) return value;
  throw new InvalidArgumentError('It is a power of two from 8 to 65536.');
}

/** A limit, which may be far more than anything that is counted. */
export function parseLimit(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It is a whole number from 1.');
}

export function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < Infinity))
    throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

export function parseTolerance(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity))
    throw new InvalidArgumentError('It is a finite number that is not negative.');
  return value;
}
