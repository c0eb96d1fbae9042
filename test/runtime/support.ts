/** A small program with weights of every kind, and devices that the probe has passed. */
import { expect } from 'vitest';
import { type TensorData, tensorData } from '../../src/base/tensor.js';
import { buildPreludes } from '../../src/codegen/wgsl/prelude.js';
import { prepare, type Prepared } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import { DEFAULT_TARGET, type Target } from '../../src/passes/target.js';
import { Executable } from '../../src/runtime/executable.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { proveDevice, type ProbedDevice } from '../../src/device/open.js';
import { openGpu, type GpuName } from '../support/gpu.js';

export const preludes = buildPreludes();

/** Numbers without a pattern, the same every time. */
export const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((i + phase) * 12.9898) * 3);

/** softmax(x W + b) scaled by a table of halves, where a mask allows it; and the sums of its rows. */
export function smallProgram(): Program {
  const b = new GraphBuilder('small');
  const x = b.param('x', 'f32', [6, 20]);
  const w = b.weight('layer/w', 'f32', [20, 9]);
  const bias = b.weight('layer/b', 'f32', [9]);
  const scale = b.weight('scale', 'f16', [9]);
  const mask = b.weight('mask', 'bool', [9]);
  const row = (value: typeof x): typeof x => b.broadcast(b.reshape(value, [1, 9]), [6, 9]);
  const column = (value: typeof x): typeof x => b.broadcast(b.reshape(value, [6, 1]), [6, 9]);
  const dot = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  const y = b.binary('add', b.emit('dot', [x, w], dot), row(bias));
  const e = b.unary('exp', b.binary('sub', y, column(b.reduce('max', y, [1]))));
  const softmax = b.binary('div', e, column(b.reduce('sum', e, [1])));
  const scaled = b.cast(b.binary('mul', b.cast(softmax, 'f16'), row(scale)), 'f32');
  const masked = b.select(row(mask), scaled, b.full(scaled, 0));
  b.output('probabilities', masked);
  b.output('sums', b.reduce('sum', masked, [1]));
  const weights = new Map<string, TensorData>([
    ['layer/w', tensorData('f32', [20, 9], wave(180, 1))],
    ['layer/b', tensorData('f32', [9], wave(9, 2))],
    [
      'scale',
      tensorData(
        'f16',
        [9],
        Uint16Array.from({ length: 9 }, (_, i) => 0x3c00 + 37 * i),
      ),
    ],
    [
      'mask',
      tensorData(
        'bool',
        [9],
        Uint8Array.from({ length: 9 }, (_, i) => (i % 3 === 0 ? 0 : 1)),
      ),
    ],
  ]);
  return { graph: b.build(), weights };
}

export const smallInputs = (phase: number): Tensors => ({ x: tensorData('f32', [6, 20], wave(120, phase)) });

export const prepareSmall = (target: Partial<Target> = {}): Prepared =>
  prepare(smallProgram(), { target: { ...DEFAULT_TARGET, ...target } });

export function weightsOf({ program }: Prepared): (id: string) => TensorData {
  return (id) => {
    const weight = program.weights.get(id);
    if (weight === undefined) throw new Error(`no weight ${id}`);
    return weight;
  };
}

type Proof = Awaited<ReturnType<typeof proveDevice>>;
const proofs = new Map<GpuName, Promise<Proof>>();

/** A new device; each GPU is probed once. */
export async function openProbed(name: GpuName): Promise<ProbedDevice> {
  const { device, info } = await openGpu(name);
  const proof = proofs.get(name) ?? proveDevice(device, name, preludes);
  proofs.set(name, proof);
  return { gpu: device, name: info.description, ...(await proof) };
}

export const build = (prepared: Prepared, device: ProbedDevice): Promise<Executable> =>
  Executable.create(prepared.planned.plan, preludes, weightsOf(prepared), device);

export const reference = (
  { program }: Prepared,
  inputs: Tensors,
  subnormals: SubnormalMode,
): Readonly<Record<string, TensorData>> => interpret(program, inputs, { subnormals }).outputs;

/** Bit for bit the same tensors. */
export function expectEqual(found: Tensors, expected: Tensors): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    expect({ dtype: found[name].dtype, shape: found[name].shape }).toEqual({ dtype, shape });
    expect(new Uint8Array(found[name].data.buffer)).toEqual(new Uint8Array(data.buffer));
  }
}
