/** A function of the visitor is traced, compiled for GPUs to look at, and run on the CPU. */
import { HeddleError, isTensor, jit, openWasmDevice, printGraph, printType, readAll, treeEntries, wasm, type Jitted } from 'heddle'; // prettier-ignore
import { inspectProgram } from 'heddle/inspection';
import type { JitResult, News, OutputFacts } from '../protocol.js';
import { runModule } from './user-module.js';

const SHOWN = 10;

type Traced = Jitted<unknown[], unknown>;

/** Rejects with what the program throws, and with what tracing and compiling do. */
export async function tryFunction(text: string, news: (text: News) => void): Promise<JitResult> {
  const stage = (what: string, done: number): void => news({ stage: what, done, total: 3 });
  stage('running the program', 0);
  const { default: given, inputs = [] } = await runModule(text);
  if (typeof given !== 'function')
    throw new HeddleError('USAGE', 'the program exports no function', {
      expected: 'export default function ...',
    });
  if (!Array.isArray(inputs))
    throw new HeddleError('USAGE', 'the inputs are not a list', { expected: 'export const inputs = [...]' });
  const device = await openWasmDevice({ threads: 1 });
  try {
    const traced = 'lower' in given ? (given as Traced) : jit(given as (...given: unknown[]) => unknown, { backend: wasm(device) }); // prettier-ignore
    stage('tracing', 1);
    const { program } = await traced.compile(...(inputs as unknown[]));
    const report = inspectProgram(given.name || 'function', program);
    stage('running', 2);
    const outputs = treeEntries(traced(...(inputs as unknown[]))).flatMap(([name, leaf]) => (isTensor(leaf) ? [{ name, tensor: leaf }] : [])); // prettier-ignore
    const values = await readAll(outputs.map(({ tensor }) => tensor));
    return {
      ir: printGraph(program.graph),
      report,
      outputs: values.map((value, i): OutputFacts => ({
        name: outputs[i].name,
        type: printType(value),
        first: Array.from(value.data.subarray(0, SHOWN)),
      })),
    };
  } finally {
    device.dispose();
  }
}
