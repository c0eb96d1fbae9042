/** A config becomes a network, its program and its output, on the CPU. */
import { compile, openWasmDevice, printGraph, printType } from 'heddle';
import { fromConfig, networkProgram, parseConfig } from 'heddle/config';
import type { ConfigResult, News, Requests } from '../protocol.js';
import { inputsFrom } from '../../shared/work/data.js';

const SHOWN = 10;

export async function tryConfig(
  { text }: Requests['config']['request'],
  news: (text: News) => void,
): Promise<ConfigResult> {
  news({ stage: 'compiling', done: 0, total: 1 });
  const network = fromConfig(parseConfig(text));
  const program = await networkProgram(network);
  const device = await openWasmDevice({ threads: 1 });
  try {
    const compiled = await compile(program, { device });
    const { output } = await compiled.run(inputsFrom(1, compiled.inputs));
    const { planned } = compiled.prepared;
    return {
      parameters: network.parameterCount,
      kernels: planned.plan.commands.map(({ label }) => label),
      ir: printGraph(compiled.prepared.program.graph),
      output: { name: 'output', type: printType(output), first: Array.from(output.data.subarray(0, SHOWN)) },
    };
  } finally {
    device.dispose();
  }
}
