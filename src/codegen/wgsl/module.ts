/** A kernel as a WGSL module, but for the prelude (prelude.ts), which a device chooses. */
import type { MathFn } from '../../numerics/math/index.js';
import { COORDINATES, WORKGROUP_SIZE, type KernelBody } from '../kernel/body.js';
import type { ArrayDecl } from '../ssa/instr.js';
import { printMath } from './library.js';
import { printBlock } from './print.js';

const NAMES: ReadonlyMap<number, string> = new Map([
  [COORDINATES.x.id, 'group'],
  [COORDINATES.y.id, 'wg.y'],
  [COORDINATES.lane.id, 'lane'],
]);

/** Prints kernels. A function that several of them call is printed once. */
export function kernelPrinter(): (kernel: KernelBody) => string {
  const known = new Map<MathFn, string>();
  const printKnown = (fn: MathFn): string => {
    const text = known.get(fn) ?? printMath(fn);
    known.set(fn, text);
    return text;
  };
  return (kernel) => printKernel(kernel, printKnown);
}

function printKernel(
  { bindings, arrays, functions, params, block }: KernelBody,
  print: typeof printMath,
): string {
  const words = Math.ceil(params / 4);
  return [
    ...(words > 0
      ? [`@group(0) @binding(${bindings.length + 1}) var<uniform> params: array<vec4u, ${words}>;`]
      : []),
    ...functions.map((fn) => print(fn)),
    ...bindings.map(
      ({ access, type }, i) => `@group(0) @binding(${i + 1}) var<storage, ${access}> b${i}: array<${type}>;`,
    ),
    ...arrays.filter(({ space }) => space === 'workgroup').map((array) => `var<workgroup> ${declare(array)}`),
    '',
    `@compute @workgroup_size(${WORKGROUP_SIZE})`,
    'fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {',
    '  let group = wg.x;',
    ...arrays.filter(({ space }) => space === 'private').map((array) => `  var ${declare(array)}`),
    ...printBlock(block, { buffers: bindings.map((_, i) => `b${i}`), refs: NAMES }),
    '}',
    '',
  ].join('\n');
}

const declare = ({ name, type, length }: ArrayDecl): string => `${name}: array<${type}, ${length}>;`;
