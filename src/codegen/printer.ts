/** What turns kernels into the code of an engine. */
import type { SubnormalMode } from '../numerics/subnormals.js';
import type { Target } from '../passes/target.js';
import type { KernelBody } from './kernel/body.js';
import { WasmPrinter, type KernelModule } from './wasm/module.js';
import { kernelPrinter } from './wgsl/module.js';

export interface KernelPrinter {
  /** The code of a kernel, as a plan's pipelines have it: text, or the name of an export of the module. */
  print(body: KernelBody): string;
  /** What has been printed, where all of it is one module. */
  finish(): KernelModule | undefined;
}

/** `subnormals`: what becomes of them in WebAssembly. WGSL leaves that to the device. */
export function printerFor({ code }: Target, subnormals: SubnormalMode): KernelPrinter {
  return code === 'wasm' ? new WasmPrinter(subnormals) : { print: kernelPrinter(), finish: () => undefined };
}
