/** The part of a bundle that is for WebAssembly. */
import { must, parseJson } from '../base/fields.js';
import type { TensorData } from '../base/tensor.js';
import { checkPlan } from './check.js';
import { metadataKey, WASM_MODULE } from './container.js';
import type { Plan, PlanPort } from './plan.js';
import { weightsOf, type Bundle } from './read-bundle.js';

/** A program for WebAssembly. */
export interface WasmSection {
  readonly plan: Plan;
  /** Its kernels: a view of the file. */
  readonly module: Uint8Array;
  /** A weight of the plan by its id. */
  weights(id: string): TensorData;
}

/** The program of a bundle for WebAssembly; undefined where it has none. Throws FILE_CORRUPT where it contradicts itself. */
export function wasmSectionOf({ plan: { inputs, outputs }, container }: Bundle): WasmSection | undefined {
  const { metadata, tensors, data } = container;
  if (!Object.hasOwn(metadata, metadataKey('wasmPlan'))) return undefined;
  const plan = parseJson(metadata[metadataKey('wasmPlan')], checkPlan, 'wasm.plan');
  const [found, expected] = [typesOf(plan.inputs, plan.outputs), typesOf(inputs, outputs)];
  must(found === expected, 'the plans are of different programs', 'wasm.plan', found, expected);
  const entry = tensors.get(WASM_MODULE);
  must(
    entry?.dtype === 'U8',
    'the module of the kernels is missing',
    'header',
    'no such tensor',
    WASM_MODULE,
  );
  return { plan, module: data.subarray(...entry.data_offsets), weights: weightsOf(plan, container) };
}

const typesOf = (...lists: readonly (readonly PlanPort[])[]): string =>
  JSON.stringify(lists.map((ports) => ports.map(({ name, dtype, shape }) => [name, dtype, shape])));
