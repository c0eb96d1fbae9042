/**
 * Proves a device right, or finds where it is wrong: runs a reference and the device side by side and compares every value that a
 * kernel stores, bit for bit (of a loop, what it leaves after its last trip); and then the outputs, of the program before the
 * passes with those after them, and with those of an ordinary run. All NaNs are equal to each other; everything else is
 * compared by bits, -0 included.
 */
import { checkArguments } from '../base/arguments.js';
import { copyInputs } from '../base/check-tensors.js';
import { isFloat } from '../base/dtype.js';
import { ensure } from '../base/errors.js';
import { func, integer, numbers, oneOf, record, required, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { printable } from '../base/printable.js';
import { describeType, elementCount, tensorData, type TensorData } from '../base/tensor.js';
import type { PlannedProgram, TracedResult } from '../codegen/plan.js';
import type { Program, ValueId } from '../ir/graph.js';
import { printNode } from '../ir/print.js';
import type { SubnormalMode } from '../numerics/subnormals.js';
import { liveValues } from '../passes/dce.js';
import type { Plan, PlanPort, Region } from '../plan/plan.js';
import type { Tensors } from '../runtime/inputs.js';
import { openInMode } from '../device/wasm.js';
import { hasSimd, isWasmDevice } from '../runtime/wasm/device.js';
import { fromWords, toWords } from '../runtime/words.js';
import {
  interpreterReference,
  REFERENCE_NAMES,
  takesLong,
  type Reference,
  type ReferenceName,
} from './reference.js';
import { wasmReference } from './wasm-reference.js';

/** The first element of a tensor that differs. */
interface FirstDifference {
  /** Multi-index of the element. */
  readonly index: readonly number[];
  /** Words as eight hex digits. */
  readonly expected: string;
  readonly found: string;
  /** How many elements of this tensor differ. */
  readonly count: number;
  readonly elements: number;
}

/** A value that a kernel stores and that is not what the reference computes. */
export interface Difference extends FirstDifference {
  /** What gave the expected words. */
  readonly reference: ReferenceName;
  readonly kernel: number;
  readonly label: string;
  readonly value: ValueId;
  /** Origin of the value in the user's program, where known. */
  readonly name: string | undefined;
  /** The nodes that the kernel computes, as IR text. */
  readonly ir: readonly string[];
  /** The code of the kernel: WGSL, or WAT. */
  readonly wgsl: string;
}

/** An output that is not what the reference makes of the program as it was given. */
export interface OutputDifference extends FirstDifference {
  readonly output: string;
  /** Where it differs. `passes`: after the passes, in the reference. `run`: in an ordinary run on the device. */
  readonly stage: 'passes' | 'run';
}

/** What runs the kernels of a plan, on any device. */
export interface VerifiedExecutable {
  readonly inputs: readonly PlanPort[];
  readonly device: { readonly profile: { readonly subnormals: SubnormalMode } };
  run(inputs: Tensors): Promise<Tensors>;
  runStepwise(
    inputs: Tensors,
    after: (command: number, read: (region: Region) => Promise<Uint32Array>) => Promise<void>,
  ): Promise<void>;
}

/** A program with all that came of it on the way to a device. */
export interface VerifiedProgram {
  /** Before the passes. */
  readonly original: Program;
  /** After them: what `planned` was made from. */
  readonly program: Program;
  readonly planned: PlannedProgram;
}

/** Right where neither `differences` nor `outputDifferences` has an entry. */
export interface Verification {
  /** What the device was held against. */
  readonly reference: ReferenceName;
  readonly kernels: number;
  readonly values: number;
  readonly elements: number;
  /** In the order of the kernels: the first is the cause, later ones may be consequences. */
  readonly differences: readonly Difference[];
  /** Those of the passes first. */
  readonly outputDifferences: readonly OutputDifference[];
  /**
   * Scalar operations of the program as it was given that met a subnormal, or, where none did, of the program after the
   * passes. With none at all, the result is the same on devices of either mode. Undefined where the reference is `wasm`, which
   * does not count them.
   */
  readonly subnormals: number | undefined;
  /** What the reference makes of the program as it was given. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** What an ordinary run on the device gives. */
  readonly deviceOutputs: Readonly<Record<string, TensorData>>;
}

export interface VerifyOptions {
  /**
   * What the device is held against. `interpreter` is the definition of every result, the passes included. `wasm` is fast, and
   * computes the program as it was given with passes of its own. Default: `wasm` where the interpreter would take long (some 10^7.5
   * operations) and the device is no WebAssembly engine itself.
   */
  readonly reference?: ReferenceName;
  /** Called as the reference, and then the device, gets on. */
  readonly onProgress?: (stage: ReferenceName | 'device', done: number, total: number) => void;
  /** Called with each value that differs as it is found, with all its elements; they stay as they are. */
  readonly onDifference?: (difference: Difference, expected: TensorData, found: TensorData) => void;
}

/** What the options of {@link verifyExecutable} may be. */
export const VERIFY_OPTIONS: OptionTable<VerifyOptions> = {
  reference: oneOf(...REFERENCE_NAMES),
  onProgress: func,
  onDifference: func,
};

/**
 * Compares runs of `executable`, made from the plan, with those of the reference, of the program before and after the passes.
 * Throws USAGE where WebAssembly is to be held against itself.
 */
export async function verifyExecutable(
  { original, program, planned }: VerifiedProgram,
  executable: VerifiedExecutable,
  given: Tensors,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { reference: asked, onProgress, onDifference } = checkedOptions(options, VERIFY_OPTIONS, 'verify');
  const inputs = copyInputs(executable.inputs, given);
  const { subnormals } = executable.device.profile;
  const live = liveValues(program.graph);
  const wanted = new Set(planned.results.map(({ value }) => value));
  const name = chooseReference(asked, executable, planned.plan);
  const { optimised, reference } = await withReference(name, subnormals, async (refer) => {
    const ask = (of: Program, values: ReadonlySet<ValueId>): ReturnType<Reference> =>
      refer({
        ...{ program: of, inputs, subnormals, wanted: values },
        progress: (done, total) => onProgress?.(name, done, total),
      });
    const optimised = await ask(program, wanted);
    return { optimised, reference: original === program ? optimised : await ask(original, new Set()) };
  });
  const expected = optimised.values;

  const differences: Difference[] = [];
  let [values, elements] = [0, 0];
  await executable.runStepwise(inputs, async (command, read) => {
    for (const result of planned.results.filter((candidate) => candidate.command === command)) {
      // A plan of a program that was not optimised has kernels for what no output needs; the interpreter skips those.
      if (live[result.value] === false) continue;
      const want = expected.get(result.value);
      ensure(
        want !== undefined,
        'VERIFY_FAILED',
        'a kernel stores a value that the program does not compute',
        {
          where: planned.plan.commands[command].label,
          found: `%${result.value}`,
        },
      );
      const words = gatherWords(await read(result.region), result);
      values++;
      elements += words.length;
      const difference = compareValue({ program, planned, reference: name }, result, want, words);
      if (difference === undefined) continue;
      differences.push(difference);
      onDifference?.(difference, want, tensorData(want.dtype, want.shape, fromWords(want.dtype, words)));
    }
    onProgress?.('device', command + 1, planned.plan.commands.length);
  });
  const deviceOutputs = await executable.run(inputs);
  const counts = [reference.subnormals, optimised.subnormals];
  return {
    reference: name,
    kernels: planned.plan.commands.length,
    values,
    elements,
    differences,
    outputDifferences: [
      ...compareOutputs('passes', optimised.outputs, reference.outputs),
      ...compareOutputs('run', deviceOutputs, reference.outputs),
    ],
    subnormals: counts.find((count) => count !== 0) ?? counts[0],
    outputs: reference.outputs,
    deviceOutputs,
  };
}

/** What to hold a device against. Throws USAGE where that says nothing. */
export function chooseReference(
  asked: ReferenceName | undefined,
  { device }: Pick<VerifiedExecutable, 'device'>,
  plan: Plan,
): ReferenceName {
  const isEngine = isWasmDevice(device);
  if (asked === undefined) return !isEngine && hasSimd() && takesLong(plan) ? 'wasm' : 'interpreter';
  ensure(asked !== 'wasm' || !isEngine, 'USAGE', 'WebAssembly would be compared with itself', {
    where: 'reference',
    found: asked,
    expected: 'interpreter',
  });
  return asked;
}

/** Runs `body` with a reference, and gives back what that holds. Throws DEVICE_NOT_FOUND where there is no WebAssembly. */
export async function withReference<T>(
  name: ReferenceName,
  subnormals: SubnormalMode,
  body: (reference: Reference) => Promise<T>,
): Promise<T> {
  if (name === 'interpreter') return body(interpreterReference);
  const engine = await openInMode({ subnormals });
  try {
    return await body(wasmReference(engine));
  } finally {
    engine.dispose();
  }
}

/**
 * The outputs that are not those of the reference: one entry each. Throws VERIFY_FAILED where one is missing or has another
 * type.
 */
export function compareOutputs(
  stage: OutputDifference['stage'],
  found: Tensors,
  reference: Tensors,
): OutputDifference[] {
  return Object.entries(reference).flatMap(([output, want]) => {
    const given = Object.hasOwn(found, output) ? found[output] : undefined;
    const have = given === undefined ? 'nothing' : describeType(given.dtype, given.shape);
    const expected = describeType(want.dtype, want.shape);
    ensure(
      given !== undefined && have === expected,
      'VERIFY_FAILED',
      `${STAGES[stage]} gives another output`,
      {
        where: `output ${JSON.stringify(output)}`,
        found: have,
        expected,
      },
    );
    const difference = firstDifference(want, toWords(given), want.shape);
    return difference === undefined ? [] : [{ output, stage, ...difference }];
  });
}

/** The elements of a value, in row-major order, out of the region that holds it. */
function gatherWords(region: Uint32Array, { shape, strides, offset }: TracedResult): Uint32Array {
  const out = new Uint32Array(elementCount(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    let at = offset;
    for (let axis = 0; axis < shape.length; axis++) at += index[axis] * strides[axis];
    out[i] = region[at];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}

const isNaNWord = (word: number): boolean => (word & 0x7fffffff) > 0x7f800000;
const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** Where words differ from those of `want`; undefined where they do not. */
function firstDifference(
  want: TensorData,
  found: Uint32Array,
  shape: readonly number[],
): FirstDifference | undefined {
  const expected = toWords(want);
  const float = isFloat(want.dtype);
  let [first, count] = [-1, 0];
  for (let i = 0; i < expected.length; i++) {
    if (expected[i] === found[i] || (float && isNaNWord(expected[i]) && isNaNWord(found[i]))) continue;
    if (first < 0) first = i;
    count++;
  }
  if (first < 0) return undefined;
  return {
    index: unravel(first, shape),
    expected: hex(expected[first]),
    found: hex(found[first]),
    count,
    elements: expected.length,
  };
}

interface Compared {
  readonly program: Program;
  readonly planned: PlannedProgram;
  readonly reference: ReferenceName;
}

function compareValue(
  { program: { graph }, planned: { plan, module, groups, bodies }, reference }: Compared,
  { command, value, shape }: TracedResult,
  want: TensorData,
  found: Uint32Array,
): Difference | undefined {
  const difference = firstDifference(want, found, shape);
  if (difference === undefined) return undefined;
  const { label, pipeline } = plan.commands[command];
  return {
    reference,
    kernel: command,
    label,
    value,
    name: graph.nodes[value].name,
    ...difference,
    ir: groups[command].members.map((id) => printNode((bodies.get(command) ?? graph).nodes[id], id)),
    wgsl: module?.wat(plan.pipelines[pipeline].code) ?? plan.pipelines[pipeline].code,
  };
}

function unravel(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(position % shape[axis]);
    position = Math.floor(position / shape[axis]);
  }
  return index;
}

const asNumber = (word: string): string => String(fromWords('f32', Uint32Array.of(parseInt(word, 16)))[0]);

/** What differences have in common. */
const FOUND = {
  index: required(numbers),
  expected: required(text),
  found: required(text),
  count: required(integer),
  elements: required(integer),
} as const;

/** A difference in a few lines for people. */
export function describeDifference(difference: Difference): string {
  checkArguments('describeDifference', { difference }, { difference: required(record) });
  checkArguments('describeDifference', { ...difference }, { ...FOUND, reference: required(oneOf(...REFERENCE_NAMES)), kernel: required(integer), label: required(text), value: required(integer), name: text }); // prettier-ignore
  const { reference, kernel, label, value, name, index, expected, found, count, elements } = difference;
  return [
    printable(
      `kernel ${kernel} (${label}), value %${value}${name === undefined ? '' : ` (${name})`}, element [${index.join(', ')}]`,
    ),
    `  ${reference} 0x${expected} (${asNumber(expected)}), device 0x${found} (${asNumber(found)})`,
    `  ${count} of ${elements} elements of this value differ`,
  ].join('\n');
}

const STAGES: Readonly<Record<OutputDifference['stage'], string>> = {
  passes: 'the program after the passes',
  run: 'an ordinary run',
};

/** The same for an output. */
export function describeOutputDifference(difference: OutputDifference): string {
  checkArguments('describeOutputDifference', { difference }, { difference: required(record) });
  checkArguments('describeOutputDifference', { ...difference }, { ...FOUND, output: required(text), stage: required(oneOf(...Object.keys(STAGES))) }); // prettier-ignore
  const { output, stage, index, expected, found, count, elements } = difference;
  return [
    printable(`${STAGES[stage]} differs in ${output}, element [${index.join(', ')}]`),
    `  expected 0x${expected} (${asNumber(expected)}), found 0x${found} (${asNumber(found)})`,
    `  ${count} of ${elements} elements of this output differ`,
  ].join('\n');
}
