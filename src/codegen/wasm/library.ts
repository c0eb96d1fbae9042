/** The functions that kernels call: math functions, and primitives that vectors have no instruction for. */
import { fault } from '../../base/errors.js';
import type { MathFn } from '../../numerics/math/index.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { mathFunction, type ScalarFunction } from '../kernel/functions.js';
import { CodeBuilder } from './code.js';
import { Emitter } from './emit.js';
import { flushing } from './flush.js';
import type { FunctionTable } from './functions.js';
import { classify, QUAD, UNIFORM, VARYING } from './lanes.js';
import type { ValType, WasmFunction, WasmInstr } from './opcodes.js';
import { findPointers } from './pointers.js';
import { SCALAR_PRIMS, type LanewisePrim } from './prims.js';
import { countUses } from './uses.js';
import { scalarValType, type Surroundings } from './values.js';

const absent = (): never => fault('a function of scalars uses memory');

/** What code finds around it that has no memory. */
export const withoutMemory = (table: FunctionTable): Surroundings => ({
  mathNumber: (fn, form) => table.number(`${fn}.${form}`, () => mathWasm(fn, form, table)),
  lanewiseNumber: (prim) => table.number(`${prim}.lanes`, () => lanewise(prim)),
  buffers: [],
  array: absent,
  param: absent,
  trip: absent,
});

/** A math function on vectors, or on values on which all lanes agree. */
function mathWasm(fn: MathFn, form: 'scalar' | 'vector', table: FunctionTable): WasmFunction {
  const { params, block, result } = definitionOf(fn, table.subnormals);
  const given = new Map(params.map(({ id }) => [id, form === 'scalar' ? UNIFORM : VARYING]));
  const classes = classify(block, given);
  const pointers = findPointers(block, classes);
  const uses = countUses(block, [result], classes, pointers);
  const out = new CodeBuilder(params.length);
  const emitter = new Emitter(out, { classes, uses, pointers }, withoutMemory(table));
  params.forEach((ref, i) => emitter.bind(ref, i));
  emitter.block(block, undefined);
  if (form === 'scalar') emitter.scalar(result);
  else emitter.vector(result);
  const typeOf = (type: Parameters<typeof scalarValType>[0]): ValType =>
    form === 'vector' ? 'v128' : scalarValType(type);
  return {
    name: `${fn}.${form}`,
    params: params.map(({ type }) => typeOf(type)),
    result: typeOf(result.type),
    locals: out.locals,
    code: out.code,
    exported: false,
  };
}

function definitionOf(fn: MathFn, subnormals: SubnormalMode): ScalarFunction {
  const given = mathFunction(fn);
  return subnormals === 'preserve' ? given : { ...given, block: flushing(given.block, given.values).block };
}

/** A primitive of integers, on each lane by itself. */
function lanewise(prim: LanewisePrim): WasmFunction {
  const operands = prim === 'iclz' ? 1 : 2;
  const out = new CodeBuilder(operands);
  const form = SCALAR_PRIMS[prim];
  const result = out.local('v128');
  const locals = Array.from({ length: operands }, () => out.local('i32'));
  for (let lane = 0; lane < QUAD; lane++) {
    out.get(result);
    locals.forEach((local, operand) => {
      out.get(operand);
      out.op('i32x4.extract_lane', lane);
      out.op('local.set', local);
    });
    const values = locals.map((local): WasmInstr => ({ op: 'local.get', immediates: [local] }));
    const code = 'expand' in form ? form.expand(...values) : [...values, ...form.code];
    for (const { op, immediates } of code) out.op(op, ...immediates);
    out.op('i32x4.replace_lane', lane);
    out.op('local.set', result);
  }
  out.get(result);
  const params = Array.from({ length: operands }, (): ValType => 'v128');
  return {
    name: `${prim}.lanes`,
    params,
    result: 'v128',
    locals: out.locals,
    code: out.code,
    exported: false,
  };
}
