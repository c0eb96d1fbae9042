/** A model, whatever file it came in. */
import { HeddleError } from '../../base/errors.js';
import { printable, shellWord } from '../../base/printable.js';
import type { DType } from '../../base/dtype.js';
import type { TensorData } from '../../base/tensor.js';
import type { Plan } from '../../plan/plan.js';
import type { Preludes } from '../../plan/preludes.js';
import type { Prepared } from '../../compile.js';
import type { OnnxDType } from '../../frontends/onnx/index.js';
import { isStatic } from '../../ir/dim.js';
import type { Program } from '../../ir/graph.js';
import { printType, staticShape, type Shape } from '../../ir/types.js';
import type { SizeCost } from './bundle-sizes.js';
import type { TargetName } from '../terminal/targets.js';

/** An input or output. */
export interface ModelPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** The element type that the ONNX file declares. */
  readonly declared?: OnnxDType;
  /** Whether an element is two of the program's: see OnnxPort. */
  readonly paired?: true;
}

/** A port whose dimensions are all known. */
export interface ConcretePort extends ModelPort {
  readonly shape: readonly number[];
}

/** What an executable is made of. */
export interface Runnable {
  readonly plan: Plan;
  /** The kernels, where they are WebAssembly. */
  readonly module: Uint8Array<ArrayBuffer> | undefined;
  readonly weights: (id: string) => TensorData;
  /** The graph behind the plan, with every value that a kernel stores; undefined where they are not known. */
  readonly prepared: Prepared | undefined;
  /** What the kernels are made for; undefined where the file does not tell. */
  readonly target: TargetName | undefined;
  /** What the kernels may be shaped for just as well: they would be the same. */
  fits(target: TargetName): boolean;
}

/** The kinds of devices that there are kernels for. */
export interface Engines {
  readonly webgpu: boolean;
  readonly wasm: boolean;
}

export const ALL_ENGINES: Engines = { webgpu: true, wasm: true };

export interface Model {
  readonly file: string;
  readonly kind: 'onnx' | 'config' | 'bundle' | 'program';
  /** Who wrote the file. */
  readonly producer: string;
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** What a device has to be proved with: this version's own, or those of the bundle. */
  readonly preludes: Preludes;
  /** What the interpreter runs; undefined for a bundle that does not carry its graph. */
  readonly program: Program | undefined;
  /** Where it runs without being compiled for it: a bundle on what it was compiled for, all others anywhere. */
  readonly engines: Engines;
  /** Names of the dimensions that have no value yet. */
  readonly unbound: readonly string[];
  /** Whether it has no graph, and no shapes of outputs, before these have values: reading them throws DIM_UNBOUND. */
  readonly needsSizes?: boolean;
  /** Of a bundle for several sizes: the one that it is opened for, and what each of them needs. */
  readonly sizes?: { readonly chosen: SizeCost['sizes']; readonly costs: () => readonly SizeCost[] };
  /** The nodes that run on the host, before the graph and after it. */
  readonly onHost?: { readonly before: readonly string[]; readonly after: readonly string[] } | undefined;
  /** Something about the file that people should know. */
  readonly warning?: string | undefined;
  /**
   * What runs on a device. On GPUs a bundle is what it is, whatever the target. Throws DIM_UNBOUND, and USAGE where a bundle has
   * neither such kernels nor the graph to make them from.
   */
  prepare(target: TargetName): Runnable;
}

/** Throws DIM_UNBOUND where a dimension has no value. */
export function requireBound({ unbound, file }: Model): void {
  if (unbound.length > 0)
    throw new HeddleError('DIM_UNBOUND', 'symbolic dimensions have no value', {
      where: file,
      found: unbound.join(', '),
      hint: `give their values: ${unbound.map((name) => `--dim ${shellWord(`${name}=1`)}`).join(' ')}`,
    });
}

/** A port of a model as it is when every dimension has a value. Throws DIM_UNBOUND. */
export function concrete(port: ModelPort, model: Model): ConcretePort {
  if (!port.shape.every(isStatic)) requireBound(model);
  return { ...port, shape: staticShape(port.shape) };
}

/** A port as programs read it; a dimension without a value is its symbol. */
export const portFields = ({ name, dtype, shape, declared, paired }: ModelPort): object => ({
  name,
  dtype,
  ...(paired === true ? { elements: declared } : {}),
  shape: shape.map((dim) => (isStatic(dim) ? dim : dim.text)),
});

/** `image: f32[1,1,28,28]`, `x: u32[3,2] (the words of double)` */
export const describePort = ({ name, dtype, shape, declared, paired }: ModelPort): string =>
  `${printable(name)}: ${printType({ dtype, shape })}${paired === true ? ` (the words of ${declared})` : ''}`;

/** How many nodes run on the host. */
export const nodesOnHost = ({ onHost }: Model): number =>
  onHost === undefined ? 0 : onHost.before.length + onHost.after.length;
