/** What a device is held against: the values of a program, as the interpreter or the WebAssembly engine computes them. */
import type { TensorData } from '../base/tensor.js';
import { interpret } from '../interpreter/index.js';
import type { Program, ValueId } from '../ir/graph.js';
import type { SubnormalMode } from '../numerics/subnormals.js';
import type { Plan } from '../plan/plan.js';
import { timesOf } from '../plan/steps.js';
import type { Tensors } from '../runtime/inputs.js';

/** `interpreter`: the definition. `wasm`: an engine that was held against it, and is much faster. */
export const REFERENCE_NAMES = ['interpreter', 'wasm'] as const;
export type ReferenceName = (typeof REFERENCE_NAMES)[number];

/** What is asked of a reference. */
export interface ReferenceRequest {
  readonly program: Program;
  readonly inputs: Tensors;
  readonly subnormals: SubnormalMode;
  /** The values that are wanted beside the outputs, none of which is a tuple. */
  readonly wanted: ReadonlySet<ValueId>;
  readonly progress?: (done: number, total: number) => void;
}

export interface ReferenceValues {
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** Those that were wanted, but for what no output needs. */
  readonly values: ReadonlyMap<ValueId, TensorData>;
  /** Operations that met a subnormal; undefined where the reference does not count them. */
  readonly subnormals: number | undefined;
}

export type Reference = (request: ReferenceRequest) => Promise<ReferenceValues>;

export const interpreterReference: Reference = ({ program, inputs, subnormals, wanted, progress }) => {
  const values = new Map<ValueId, TensorData>();
  const { outputs, subnormals: count } = interpret(program, inputs, {
    subnormals,
    onValue: (id, value) => {
      if (wanted.has(id)) values.set(id, value);
    },
    ...(progress === undefined ? {} : { progress }),
  });
  return Promise.resolve({ outputs, values, subnormals: count });
};

/** Scalar operations from which on the interpreter takes long: seconds, twice. */
const LONG = 2 ** 25;

/** Whether the interpreter would take long for what a plan computes. */
export const takesLong = (plan: Plan): boolean => operationsOf(plan) >= LONG;

const operationsOf = (plan: Plan): number =>
  plan.commands.reduce((sum, { cost }, i) => sum + cost * timesOf(plan, i, i + 1), 0);
