/** Programs drawn at random around one idea, and the comparison of programs by what they compute. */
import fc, { type GeneratorValue } from 'fast-check';
import { expect } from 'vitest';
import { DTYPES, type DType } from '../../src/base/dtype.js';
import type { TensorData } from '../../src/base/tensor.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Value } from '../../src/ir/emitter.js';
import type { Program } from '../../src/ir/graph.js';
import { printGraph } from '../../src/ir/print.js';
import { staticShape } from '../../src/ir/types.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { MODES, numbers } from '../interpreter/support.js';
import { FLAVOURS, tensorOf } from '../support/tensors.js';

/** A program under construction, with inputs of difficult values; every choice is drawn, and so shrinks. */
export class Sample {
  readonly b = new GraphBuilder('sample');
  readonly inputs: Record<string, TensorData> = {};
  readonly weights = new Map<string, TensorData>();

  constructor(private readonly gen: GeneratorValue) {}

  pick<T>(...list: readonly T[]): T {
    return list[this.int(0, list.length - 1)];
  }

  /** An integer in [min, max], shrinking towards `min`. */
  int(min: number, max: number): number {
    return this.gen(fc.integer, { min, max });
  }

  /** Some of the items, in their order. */
  some<T>(list: readonly T[], least = 0): T[] {
    return this.gen(fc.subarray<T>, [...list], { minLength: least });
  }

  permutation(rank: number): number[] {
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return this.gen(fc.shuffledSubarray<number>, axes, { minLength: rank, maxLength: rank });
  }

  /** A shape of `rank` (or any), with extents of 1 among it, and 0 now and then. */
  shape(rank = this.int(1, 4), least: 0 | 1 = 0): number[] {
    return Array.from({ length: rank }, () => Math.max(least, this.pick(2, 1, 3, 4, 1, 2, 0)));
  }

  dtype(): DType {
    return this.pick(...DTYPES);
  }

  private tensor(dtype: DType, shape: readonly number[]): TensorData {
    return tensorOf(dtype, shape, this.int(0, 9999), this.pick(...FLAVOURS));
  }

  /** An input. */
  param(dtype: DType, shape: readonly number[]): Value {
    const name = `x${Object.keys(this.inputs).length}`;
    this.inputs[name] = this.tensor(dtype, shape);
    return this.b.param(name, dtype, shape);
  }

  weight(dtype: DType, shape: readonly number[]): Value {
    const id = `w${this.weights.size}`;
    this.weights.set(id, this.tensor(dtype, shape));
    return this.b.weight(id, dtype, shape);
  }

  /** An input of any dtype and shape. */
  any(shape: readonly number[] = this.shape()): Value {
    return this.param(this.dtype(), shape);
  }

  /** A constant of one number that is difficult. */
  splat(dtype: DType, shape: readonly number[]): Value {
    return this.b.constant(dtype, shape, numbers(this.tensor(dtype, [1])));
  }

  program(result: Value): Program {
    this.b.output('y', result);
    return { graph: this.b.build(), weights: this.weights };
  }
}

/** Draws samples from `fc.gen()`. */
export const samples = (): fc.Arbitrary<Sample> => fc.gen().map((gen) => new Sample(gen));

/** The shape of a value that has no symbols. */
export const shapeOf = (value: Value): readonly number[] => staticShape(value.type.shape);

/** Checks that two programs compute the same bits, whether or not subnormals are flushed; NaNs are all one. */
export function expectSameResults(
  before: Program,
  after: Program,
  inputs: Readonly<Record<string, TensorData>>,
): void {
  verifyGraph(before.graph);
  verifyGraph(after.graph);
  for (const subnormals of MODES) {
    const [expected, found] = [before, after].map(
      (program) => interpret(program, inputs, { subnormals }).outputs,
    );
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, tensor] of Object.entries(expected)) {
      const [x, y] = [numbers(tensor), numbers(found[name])];
      const at = x.findIndex((value, i) => !Object.is(value, y[i]));
      if (at < 0 && x.length === y.length) continue;
      throw new Error(
        `${subnormals}: element ${at} of ${name} was ${x[at]}, is ${y[at]}\n` +
          `${printGraph(before.graph)}\nbecame\n${printGraph(after.graph)}`,
      );
    }
  }
}
