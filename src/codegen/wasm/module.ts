/**
 * Kernels as a WebAssembly module: a function for each body, which runs a range of its workgroups, quad by quad, and the functions
 * that they call. What the engine has to know is in src/plan/wasm.ts.
 */
import { fault } from '../../base/errors.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { KernelCode } from '../../plan/plan.js';
import { RECORD } from '../../plan/wasm.js';
import { COORDINATES, WORKGROUP_SIZE, type KernelBody } from '../kernel/body.js';
import type { ArrayDecl, Block, Ref } from '../ssa/instr.js';
import { CodeBuilder } from './code.js';
import { Emitter } from './emit.js';
import { encodeModule } from './encode.js';
import { flushing } from './flush.js';
import { FunctionTable } from './functions.js';
import { hoisted } from './hoist.js';
import { classify, QUAD, UNIFORM, type LaneClass } from './lanes.js';
import { withoutMemory } from './library.js';
import type { WasmFunction, WasmModule } from './opcodes.js';
import { findPointers } from './pointers.js';
import { findSumsOfProducts } from './products.js';
import { countUses } from './uses.js';
import { printFunctionWat } from './wat.js';

/** The parameters of a kernel, by their places. */
const PARAMS = { record: 0, scratch: 1, from: 2, to: 3 } as const;

/** An element of a private array: those of four lanes. */
const ELEMENT_BYTES = 16;

/** Kernels in one module. */
export interface KernelModule {
  /** What becomes of subnormals. */
  readonly subnormals: SubnormalMode;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The function of a name, or all of them, as text: what a pipeline's code names, or a function that kernels call. */
  wat(name?: string): string;
}

/** Prints kernels into one module. */
export class WasmPrinter {
  private readonly table: FunctionTable;
  private readonly kernels: WasmFunction[] = [];
  private printed = 0;
  private scratch = 0;

  /** `subnormals`: what becomes of them in all kernels. */
  constructor(private readonly subnormals: SubnormalMode) {
    this.table = new FunctionTable(subnormals);
  }

  /** Adds a kernel. One that flushes has a second for operands that make that needless. */
  print(body: KernelBody): KernelCode {
    const code = `kernel${this.printed++}`;
    if (this.subnormals === 'preserve') {
      this.add(code, body);
      return { code };
    }
    this.add(code, { ...body, ...flushing(body.block, body.values) });
    const sums = findSumsOfProducts(body.block);
    if (sums === undefined) return { code };
    const normal = `${code}_normal`;
    this.add(normal, { ...body, ...flushing(body.block, body.values, sums.operations) });
    return { code, normal: { code: normal, factors: sums.factors } };
  }

  private add(name: string, body: KernelBody): void {
    const scratch = layoutArrays(body.arrays);
    this.scratch = Math.max(this.scratch, scratch.bytes);
    this.kernels.push(kernelFunction(name, body, scratch.offsets, this.table));
  }

  finish(): KernelModule {
    const { scratch, subnormals } = this;
    const module: WasmModule = { functions: [...this.table.list, ...this.kernels], scratch, subnormals };
    return {
      subnormals,
      bytes: encodeModule(module),
      wat: (name) => {
        const found = module.functions.filter((each) => name === undefined || each.name === name);
        return found.map((each) => printFunctionWat(each, module.functions)).join('\n');
      },
    };
  }
}

function layoutArrays(arrays: readonly ArrayDecl[]): { bytes: number; offsets: ReadonlyMap<string, number> } {
  const offsets = new Map<string, number>();
  let bytes = 0;
  for (const { name, length, space } of arrays) {
    if (space === 'workgroup') fault('quads of a workgroup share no memory', `array ${name}`);
    offsets.set(name, bytes);
    bytes += length * ELEMENT_BYTES;
  }
  return { bytes, offsets };
}

/** What the lanes of a quad are: it begins at a multiple of four. */
const LANE: LaneClass = { kind: 'affine', stride: 1, align: QUAD };

/** The body within the loops that a call runs: over the workgroups of a range, and over the quads of a workgroup. */
function withLoops({ block, values }: KernelBody): {
  readonly block: Block;
  readonly from: Ref;
  readonly to: Ref;
} {
  const word = (id: number): Ref => ({ id: values + id, type: 'u32' });
  const [from, to, one, zero, size, quad] = [0, 1, 2, 3, 4, 5].map(word);
  const loops: Block = [
    { kind: 'const', ref: one, bits: 1 },
    { kind: 'const', ref: zero, bits: 0 },
    { kind: 'const', ref: size, bits: WORKGROUP_SIZE },
    { kind: 'const', ref: quad, bits: QUAD },
    { kind: 'const', ref: COORDINATES.y, bits: 0 },
    {
      kind: 'for',
      ref: COORDINATES.x,
      from,
      to,
      step: one,
      body: [{ kind: 'for', ref: COORDINATES.lane, from: zero, to: size, step: quad, body: block }],
    },
  ];
  return { block: loops, from, to };
}

function kernelFunction(
  name: string,
  body: KernelBody,
  arrays: ReadonlyMap<string, number>,
  table: FunctionTable,
): WasmFunction {
  const loops = withLoops(body);
  const block = hoisted(loops.block);
  const given = new Map([
    [loops.from.id, UNIFORM],
    [loops.to.id, UNIFORM],
    [COORDINATES.lane.id, LANE],
  ]);
  const classes = classify(block, given);
  const pointers = findPointers(block, classes);
  const uses = countUses(block, [], classes, pointers);
  const out = new CodeBuilder(Object.keys(PARAMS).length);
  const word = (index: number): void => {
    out.get(PARAMS.record);
    out.op('i32.load', 4 * index);
  };
  const buffers = body.bindings.map((_, i) => {
    word(RECORD.binding(body.params, i));
    return out.keep('i32');
  });
  const emitter = new Emitter(
    out,
    { classes, uses, pointers },
    {
      ...withoutMemory(table),
      buffers,
      array: (array) => ({ address: PARAMS.scratch, offset: arrays.get(array) ?? NaN }),
      param: (index) => word(RECORD.param(index)),
      trip: (level) => word(RECORD.trip(level)),
    },
  );
  emitter.bind(loops.from, PARAMS.from);
  emitter.bind(loops.to, PARAMS.to);
  emitter.block(block, undefined);
  return {
    name,
    params: Object.keys(PARAMS).map(() => 'i32'),
    result: undefined,
    locals: out.locals,
    code: out.code,
    exported: true,
  };
}
