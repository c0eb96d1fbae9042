/**
 * Kernels that flush subnormals have a second one for operands that make that needless. Whether they do is seen in the operands,
 * which is much less work than what is computed from them. Only engines that flush have this: the loader does without.
 */
import { dotsStayNormal, leastMagnitude } from '../../numerics/normal.js';
import { readNormalName, type Factors } from '../../plan/wasm.js';

export interface NormalKernel {
  /** Its export. */
  readonly name: string;
  /** The pipeline that it stands in for. */
  readonly pipeline: number;
  readonly factors: Factors;
}

/** Finds kernels that stand in for others, and says when they may. */
export interface StandIns {
  /** Those of a module, by its exports and the code of its pipelines. */
  find(exports: readonly string[], pipelines: readonly string[]): readonly NormalKernel[];
  /** The least magnitude among floats, but for zero. */
  leastIn(words: Uint32Array): number;
  /** Whether sums of products of `factors` stay normal, given the least magnitude in a binding. */
  mayRun(factors: Factors, leastIn: (binding: number) => number): boolean;
}

export const STAND_INS: StandIns = {
  find: (exports, pipelines) =>
    exports.flatMap((name) => {
      const read = readNormalName(name);
      const pipeline = read === undefined ? -1 : pipelines.indexOf(read.name);
      return read === undefined || pipeline < 0 ? [] : [{ name, pipeline, factors: read.factors }];
    }),
  leastIn: ({ buffer, byteOffset, length }) => leastMagnitude(new Float32Array(buffer, byteOffset, length)),
  mayRun: (factors, leastIn) => factors.every(([a, b]) => dotsStayNormal(leastIn(a), leastIn(b))),
};
