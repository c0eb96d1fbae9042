/** A program on a device, for as long as it is measured. */
import { compile, type Compiled, type Executable, type Program, type ProbedDevice, type WasmDevice, type WasmExecutable } from 'heddle'; // prettier-ignore
import { TARGETS } from 'heddle/inspection';
import type { Measuring, News } from '../measured.js';
import { open } from './open.js';

/** What is measured, and how it is told. */
export interface Measured extends Measuring {
  readonly program: Program;
  readonly news: (text: News) => void;
  /** Where a GPU comes from. Default: the browser. */
  readonly gpu?: GPU;
}

type Device = ProbedDevice | WasmDevice;

/** Calls `body` with the program, compiled. A device that is wrong may be what it is for, so that it is let in. */
export async function whileCompiled<R>(
  { program, engine, target, news, gpu }: Measured,
  body: (compiled: Compiled<Executable | WasmExecutable>, device: Device) => Promise<R>,
): Promise<R> {
  const { device, close } = await open(engine, news, { allowInexact: true }, gpu);
  try {
    news({ stage: 'compiling', done: 0, total: 1 });
    const compiled = await compile(program, { device, ...shapedFor(target, device) });
    try {
      return await body(compiled, device);
    } finally {
      compiled.dispose();
    }
  } finally {
    close();
  }
}

/** The kernels of a report are those for any device of its kind; one with less room for a buffer needs others. */
function shapedFor(name: Measuring['target'], device: Device): { target?: (typeof TARGETS)['gpu'] } {
  if (name === undefined || name === 'wasm' || !('gpu' in device)) return {};
  const target = TARGETS[name];
  const { maxStorageBufferBindingSize: most } = device.gpu.limits;
  return { target: { ...target, bindingBytes: Math.min(target.bindingBytes, most) } };
}
