/**
 * Times compiling a JSON config of a thousand layers, from text to WGSL and plan, without a device; in a process of its own,
 * as compile.mjs.
 */
import { prepare } from '../../dist/index.js';
import { fromConfig, networkProgram } from '../../dist/frontends/config/index.js';
import { processorMs, timed } from '../clock.mjs';

const LAYERS = 1000;
const WIDTH = 16;

const config = JSON.stringify({
  input: [WIDTH],
  layers: Array.from({ length: LAYERS }, () => ({ type: 'dense', output_size: WIDTH, activation: 'gelu' })),
});
const cpuBefore = processorMs();
const [totalMs, { planned }] = await timed(async () => prepare(await networkProgram(fromConfig(config), 1)));
const cpuMs = processorMs() - cpuBefore;
const { commands, pipelines } = planned.plan;
const found = { layers: LAYERS, kernels: commands.length, pipelines: pipelines.length, totalMs, cpuMs };
if (process.send) process.send({ kind: 'config', found });
else console.log(found);
