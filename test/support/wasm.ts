/** Programs on the WebAssembly engine, held against the interpreter. */
import { planStages, type Prepared } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import type { Program } from '../../src/ir/graph.js';
import { weightsOf } from '../../src/ir/weights.js';
import { legalise } from '../../src/passes/pipeline.js';
import { WASM_TARGET, type Target } from '../../src/passes/target.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { openWasmDevice, type WasmDevice } from '../../src/runtime/wasm/device.js';
import { WasmExecutable } from '../../src/runtime/wasm/executable.js';
import { differenceOf } from './differential.js';

let opened: Promise<WasmDevice> | undefined;

/** The engine, opened once a process. */
export const wasmDevice = (): Promise<WasmDevice> => (opened ??= openWasmDevice());

/** A program as the engine gets it. */
export const preparedForWasm = (program: Program, target: Target = WASM_TARGET): Prepared =>
  planStages(legalise(program, { target }).program, target);

/** An executable of `prepared`. */
export async function wasmExecutable({ program, planned }: Prepared): Promise<WasmExecutable> {
  return WasmExecutable.create(planned.plan, planned.module!.bytes, weightsOf(program), await wasmDevice());
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
      const { outputs } = interpret(program, given);
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
