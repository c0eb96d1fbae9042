/** What turns kernels into the code of an engine. */
import type { SubnormalMode } from '../numerics/subnormals.js';
import type { Target } from '../passes/target.js';
import type { KernelCode } from '../plan/plan.js';
import type { KernelBody } from './kernel/body.js';
import { withoutIdentities } from './kernel/identities.js';
import { WasmPrinter, type KernelModule } from './wasm/module.js';
import { kernelPrinter } from './wgsl/module.js';

export interface KernelPrinter {
  print(body: KernelBody): KernelCode;
  /** What has been printed, where all of it is one module. */
  finish(): KernelModule | undefined;
}

/** `subnormals`: what becomes of them in WebAssembly. WGSL leaves that to the device. */
export function printerFor({ code }: Target, subnormals: SubnormalMode): KernelPrinter {
  const printer = code === 'wasm' ? new WasmPrinter(subnormals) : wgslPrinter();
  return { print: (body) => printer.print(withoutIdentities(body)), finish: () => printer.finish() };
}

function wgslPrinter(): KernelPrinter {
  const print = kernelPrinter();
  return { print: (body) => ({ code: print(body) }), finish: () => undefined };
}
