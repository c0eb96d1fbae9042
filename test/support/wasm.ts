/** Programs on the WebAssembly engine, held against the interpreter. */
import { planStages, type Prepared } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import type { Program } from '../../src/ir/graph.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import { weightsOf } from '../../src/ir/weights.js';
import { legalise } from '../../src/passes/pipeline.js';
import { WASM_TARGET, type Target } from '../../src/passes/target.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { openInMode, type WasmModeOptions } from '../../src/device/wasm.js';
import type { WasmDevice } from '../../src/runtime/wasm/device.js';
import { WasmExecutable } from '../../src/runtime/wasm/executable.js';
import { differenceOf } from './differential.js';

const opened = new Map<string, Promise<WasmDevice>>();

/** The engine, opened once a process for each of its modes and numbers of threads. */
export function wasmDevice(options: WasmModeOptions = {}): Promise<WasmDevice> {
  const key = JSON.stringify(options);
  const known = opened.get(key) ?? openInMode(options);
  opened.set(key, known);
  return known;
}

/** A program as the engine gets it. */
export const preparedForWasm = (
  program: Program,
  target: Target = WASM_TARGET,
  subnormals: SubnormalMode = 'preserve',
): Prepared => planStages(legalise(program, { target }).program, { target, subnormals });

/** An executable of `prepared`. */
export async function wasmExecutable({ program, planned }: Prepared): Promise<WasmExecutable> {
  const { bytes, subnormals } = planned.module!;
  const device = await wasmDevice(subnormals === 'flush' ? { subnormals } : {});
  return WasmExecutable.create(planned.plan, bytes, weightsOf(program), device);
}

/** What of the outputs differs from the interpreter's; nothing where all is well. */
export async function wasmDifferences(
  program: Program,
  inputs: readonly Tensors[],
  prepared = preparedForWasm(program),
): Promise<string[]> {
  const executable = await wasmExecutable(prepared);
  const problems: string[] = [];
  try {
    for (const given of inputs) {
      const { subnormals } = executable.device.profile;
      const { outputs } = interpret(program, given, { subnormals });
      const found = await executable.run(given);
      for (const [name, want] of Object.entries(outputs)) {
        const difference = differenceOf(found[name], want);
        if (difference !== undefined) problems.push(`output ${name}: ${difference}`);
      }
    }
  } finally {
    executable.dispose();
  }
  return problems;
}
