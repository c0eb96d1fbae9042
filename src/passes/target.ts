import { BINDING_ALIGNMENT } from '../base/tensor.js';

/**
 * What compilation knows of the machine, and the numbers by which it weighs one program against another. They decide how
 * kernels are cut, shaped and ordered, and never a bit.
 */
export interface Target {
  /** What kernels are printed as. */
  readonly code: 'wgsl' | 'wasm';
  /**
   * Invocations that run in step: all of a workgroup come to the next instruction together, in groups of this many, and may see
   * each other's values. 1 where nothing is known of it.
   */
  readonly lanesInStep: number;
  /** Storage buffers that a kernel may bind; WebGPU guarantees 8. */
  readonly storageBuffers: number;
  /** Bytes of a binding at most: larger buffers are bound in windows. WebGPU guarantees 128 MiB. */
  readonly bindingBytes: number;
  /**
   * Invocations that keep the device busy. Contractions take the largest tiles that still give so many: thousands on a
   * GPU, few where a CPU plays the GPU.
   */
  readonly invocations: number;
  /**
   * Rows from which on a row kernel has one invocation for each, and no barriers. Where a CPU plays the GPU, a barrier
   * costs as much as a hundred operations: the driver has to put every invocation aside, and take it up again.
   */
  readonly rowsAlone: number;

  // Fusion.

  /** Nodes that one kernel computes: bounds its text, and the time that a driver takes to compile it. */
  readonly maxMembers: number;
  /** Reductions of one row kernel: each one computes again what leads up to it. */
  readonly maxReductions: number;
  /**
   * Length of an index expression, in characters: reshapes of what reshapes do not undo make it grow as a chain of them
   * does, and faster.
   */
  readonly maxIndexLength: number;
  /** How many ops back a value is searched for an op whose epilogue it could be. */
  readonly epilogueDepth: number;
  /** Operations, as text, that a kernel may repeat to save a value from being stored. */
  readonly maxRepeatedCode: number;
  /** Operations for each element in the time that it takes to store it and load it. */
  readonly storeCost: number;
  /** Operations in the time that it takes to launch a kernel. */
  readonly launchCost: number;
  /** Operations of an op that is not cheap, at least. */
  readonly heavyCost: number;
  /** Operations of an index map, mostly folded into its neighbours'. */
  readonly viewCost: number;
  /** Rows of at most so many elements are reduced by one invocation, within any kernel; longer ones make a row kernel. */
  readonly shortRow: number;
  /** Kernels that may each compute a cheap value for themselves. */
  readonly maxReaders: number;
  /** Columns of a product that one element may need, for which the kernel of the elements computes them: it keeps the sums of all. */
  readonly maxUnitColumns: number;
  /** Rows of a product up to which its right operand may be computed where it is read, as weights that are unpacked. */
  readonly unpackedRows: number;

  // Folding, in elements; a scalar counts as none.

  /** A constant of more is kept as a weight: kernels choose among the elements of a constant one by one. */
  readonly maxConstant: number;
  /** A folded result may always have so many, however few its operands have (64 KB on the device) ... */
  readonly foldSmall: number;
  /** ... and never more than this: folding copies weights. */
  readonly foldLargest: number;
  /** The same for permutes, slices and reverses, which cost a kernel little. */
  readonly foldLargestMoved: number;
  /** What an element of an op that computes costs, in elements copied. */
  readonly foldScalarCost: number;
  /** Elements of work in all: enough for a model of a hundred layers, and about 100 ms at worst. */
  readonly foldBudget: number;

  // Contractions.

  /** A contraction of at most this many results does not fill the device ... */
  readonly splitMaxResults: number;
  /** ... and from this many terms on that is worth a second kernel, which adds the sums of blocks of terms (split-K). */
  readonly splitMinTerms: number;
  /** Sums of blocks that are kept in memory at a time, at most. */
  readonly splitMaxSums: number;
  /** Rows, and columns, of the results that one invocation computes, at most. */
  readonly maxTile: number;
  /** What a load costs an invocation in multiply-adds, roughly: caches serve most of them. */
  readonly loadCost: number;
  /** What it costs where it is the only one of its workgroup for that element. */
  readonly missCost: number;

  // Lanes in step.

  /** Products of an element from which on it is stored before the panels of a contraction read it. */
  readonly panelProducts: number;
  /** From so many blocks of columns, terms and rows on, the right operand of a product is put in blocks. */
  readonly packMinBlocks: number;
  readonly packMinTerms: number;
  readonly packMinRows: number;
  /** Convs, at most, that one with holes between its elements becomes: each has a kernel of its own. */
  readonly maxConvPhases: number;
  /** Elements of a line from which on going along it pays: at least those of a quad. */
  readonly minLine: number;
  /** Elements of a line that one quad goes along, roughly: longer ones are cut, so that there is work for several threads. */
  readonly maxLinePiece: number;
  /** Vectors that a core's registers hold, beside one that the engine keeps for itself. */
  readonly vectorRegisters: number;
  /** Cycles from an addition to the next one on its result. */
  readonly addLatency: number;
  /** Products and sums of vectors that a core computes in a cycle ... */
  readonly vectorWidth: number;
  /** ... and instructions that begin in one. */
  readonly issueWidth: number;
  /** Instructions of a trip of a kernel's loop apart from those on vectors. */
  readonly loopOverhead: number;
  /** Bytes of the row operand of a product that the nearest caches keep. */
  readonly cachedRowBytes: number;

  // Loops.

  /**
   * Operations of an invocation in the time that it takes to launch a kernel, its loads among them. A workgroup that computes a row of
   * a loop by itself takes longer for a trip than the whole device, and saves as many launches as a trip has kernels.
   */
  readonly launchSteps: number;
  /** Invocations of a workgroup that run at a time. Where a CPU plays the GPU, few do, and the others wait. */
  readonly lanesAtOnce: number;
  /** Operations of an invocation in the time that a workgroup takes for a barrier. */
  readonly barrierSteps: number;
  /** Bytes of the memory of a workgroup, a multiple of 16 for each of its variables; WebGPU guarantees 16 KiB. */
  readonly workgroupBytes: number;

  /** Operations of an invocation that makes all trips of a loop, at most: about a tenth of a second, as a kernel is not cut into several submits. */
  readonly maxLoopOperations: number;
  /** Kernels whose launch costs as much as to learn from a device whether a while goes on. */
  readonly launchesPerQuestion: number;

  // Code.

  /** Loops of at most so many steps are unrolled, unless a step is long: drivers compile every copy. */
  readonly unroll: number;
  /** The same for all the elements of a window. */
  readonly unrollWindow: number;
  /** Results of a tile that are stored without a loop; with one, the epilogue is compiled once. */
  readonly unrolledResults: number;
  /**
   * Numbers in which kernels of one body may differ. A family that needs more shares nothing, even where a single odd member
   * is to blame: every one keeps its own numbers.
   */
  readonly maxParams: number;

  // Order.

  /** What the search for an order of kernels may cost, in visits of a kernel or a buffer. Plans do not depend on clocks. */
  readonly scheduleBudget: number;
  /** Orders that the search keeps at a time, at most. */
  readonly scheduleWidth: number;
  /** Kernels up to which it is found out how little memory any order needs: that takes a bit for each two of them. */
  readonly maxBounded: number;
}

/** A GPU. */
export const DEFAULT_TARGET: Target = {
  code: 'wgsl',
  lanesInStep: 1,
  storageBuffers: 8,
  bindingBytes: 2 ** 27,
  invocations: 16_384,
  rowsAlone: Infinity,
  maxMembers: 128,
  maxReductions: 4,
  maxIndexLength: 256,
  epilogueDepth: 12,
  maxRepeatedCode: 32,
  storeCost: 16,
  launchCost: 2 ** 21,
  heavyCost: 40,
  viewCost: 0.25,
  shortRow: 16,
  maxReaders: 3,
  maxUnitColumns: 4,
  unpackedRows: 4,
  maxConstant: 8,
  foldSmall: 2 ** 14,
  foldLargest: 2 ** 20,
  foldLargestMoved: 2 ** 18,
  foldScalarCost: 16,
  foldBudget: 2 ** 23,
  splitMaxResults: 16_384,
  splitMinTerms: 4_096,
  splitMaxSums: 2 ** 22,
  maxTile: 8,
  loadCost: 8,
  missCost: 8,
  panelProducts: 32,
  packMinBlocks: 8,
  packMinTerms: 64,
  packMinRows: 32,
  maxConvPhases: 4,
  minLine: 8,
  maxLinePiece: 512,
  vectorRegisters: 15,
  addLatency: 4,
  vectorWidth: 2.5,
  issueWidth: 6,
  loopOverhead: 8,
  cachedRowBytes: 2 ** 18,
  launchSteps: 4_096,
  lanesAtOnce: 64,
  barrierSteps: 32,
  workgroupBytes: 2 ** 14,
  maxLoopOperations: 2 ** 24,
  launchesPerQuestion: 128,
  unroll: 16,
  unrollWindow: 32,
  unrolledResults: 2,
  maxParams: 64,
  scheduleBudget: 2e7,
  scheduleWidth: 64,
  maxBounded: 2 ** 13,
};

/** Drivers that run kernels on the CPU: a core runs one workgroup at a time, so that a few invocations suffice. */
export const SOFTWARE_TARGET: Target = {
  ...DEFAULT_TARGET,
  invocations: 1,
  rowsAlone: 128,
  launchSteps: 32_768,
  lanesAtOnce: 4,
  barrierSteps: 1_600,
};

/**
 * A core that runs kernels as WebAssembly, four invocations at a time. Code is compiled in no time and costs most where it meets
 * numbers that it does not know, so that kernels share nothing. Barriers there are none.
 */
export const WASM_TARGET: Target = {
  ...DEFAULT_TARGET,
  code: 'wasm',
  lanesInStep: 4,
  storageBuffers: 64,
  bindingBytes: Infinity,
  invocations: 1,
  rowsAlone: 0,
  launchCost: 2 ** 12,
  splitMaxResults: 0,
  unrolledResults: 8,
  foldLargest: 2 ** 26,
  foldLargestMoved: 2 ** 26,
  foldBudget: 2 ** 27,
  maxParams: 0,
};

/** A target as callers give it: what is left out is {@link DEFAULT_TARGET}'s, or {@link WASM_TARGET}'s for such code. */
export type GivenTarget = Pick<Target, 'storageBuffers' | 'invocations' | 'rowsAlone'> & Partial<Target>;

export const completeTarget = (given: GivenTarget = DEFAULT_TARGET): Target => ({
  ...(given.code === 'wasm' ? WASM_TARGET : DEFAULT_TARGET),
  ...given,
});

/** What numbers are at least, where that is not 0: kernels have members, and windows begin where bindings may. */
const LEAST: Partial<Record<keyof Target, number>> = {
  storageBuffers: DEFAULT_TARGET.storageBuffers,
  bindingBytes: BINDING_ALIGNMENT,
  lanesInStep: 1,
  invocations: 1,
  maxMembers: 1,
  maxReductions: 1,
  shortRow: 1,
  maxReaders: 1,
  splitMinTerms: 2,
  splitMaxSums: 1,
  maxTile: 1,
  maxConvPhases: 1,
  minLine: 4,
  maxLinePiece: 1,
  vectorRegisters: 1,
  vectorWidth: 1,
  issueWidth: 1,
  lanesAtOnce: 1,
  scheduleWidth: 1,
};

/**
 * Whether a value from outside is a target. With fewer buffers than every device has, some ops have no kernel; WebAssembly has no
 * barriers, so that each row is one invocation's.
 */
export function isTarget(value: unknown): value is GivenTarget {
  if (typeof value !== 'object' || value === null) return false;
  const { code = 'wgsl', storageBuffers, invocations, rowsAlone, ...rest } = value as Record<string, unknown>;
  return (
    (code === 'wgsl' || code === 'wasm') &&
    isCount(storageBuffers) &&
    isCount(invocations) &&
    (code === 'wasm' ? rowsAlone === 0 : isCount(rowsAlone) || rowsAlone === Infinity) &&
    (code !== 'wasm' || rest.lanesInStep === undefined || rest.lanesInStep === WASM_TARGET.lanesInStep) &&
    Object.entries({ ...rest, storageBuffers, invocations }).every(
      ([name, given]) =>
        Object.hasOwn(DEFAULT_TARGET, name) &&
        typeof given === 'number' &&
        given >= (LEAST[name as keyof Target] ?? 0),
    )
  );
}

const isCount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;
