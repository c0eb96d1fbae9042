/**
 * The WebAssembly engine as a reference. What is wanted of a program becomes outputs of it, which are the same whatever the passes
 * for the engine make of the rest: no pass changes a bit of an output.
 */
import type { TensorData } from '../base/tensor.js';
import { makePlan } from '../codegen/plan.js';
import type { Program, ValueId } from '../ir/graph.js';
import { weightsOf } from '../ir/weights.js';
import { liveValues } from '../passes/dce.js';
import { legalise, stage } from '../passes/pipeline.js';
import { WASM_TARGET } from '../passes/target.js';
import type { Tensors } from '../runtime/inputs.js';
import type { WasmDevice } from '../runtime/wasm/device.js';
import { WasmExecutable } from '../runtime/wasm/executable.js';
import type { Reference } from './reference.js';

/** Of the device's mode: whoever asks for another one gets this one's. */
export const wasmReference =
  (device: WasmDevice): Reference =>
  async ({ program, inputs, wanted, progress }) => {
    const { graph } = program;
    const live = liveValues(graph);
    const ids = [...wanted].filter((id) => live[id]);
    const found = await run(withOutputs(program, ids), inputs, device);
    progress?.(1, 1);
    const { outputs } = graph;
    return {
      outputs: Object.fromEntries(outputs.map(({ name }, i) => [name, found[i]])),
      values: new Map(ids.map((id, i) => [id, found[outputs.length + i]])),
      subnormals: undefined,
    };
  };

/** The program with values of it as outputs as well, behind its own. */
function withOutputs({ graph, weights }: Program, ids: readonly ValueId[]): Program {
  const values = [...graph.outputs.map(({ value }) => value), ...ids];
  return { graph: { ...graph, outputs: values.map((value, i) => ({ name: `o${i}`, value })) }, weights };
}

/** The outputs, in their order. */
async function run(program: Program, inputs: Tensors, device: WasmDevice): Promise<readonly TensorData[]> {
  const legal = legalise(program, { target: WASM_TARGET }).program;
  const staged = stage(legal, { target: WASM_TARGET });
  const { subnormals } = device.profile;
  const { plan, module } = makePlan(staged, WASM_TARGET, { subnormals });
  const executable = await WasmExecutable.create(plan, module!.bytes, weightsOf(staged.program), device);
  try {
    const found = await executable.run(inputs);
    return program.graph.outputs.map(({ name }) => found[name]);
  } finally {
    executable.dispose();
  }
}
