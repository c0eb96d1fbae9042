/**
 * Finds out how a device computes, and proves it on the patterns: first with the cheapest variant of every operation of the
 * prelude; where patterns fail that call an operation, with its next dearer variant.
 */
import { isFloat } from '../../base/dtype.js';
import type { TensorData } from '../../base/tensor.js';
import type { Preludes } from '../../codegen/wgsl/prelude.js';
import { isNaNBits } from '../../numerics/bits.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { NumericProfile } from '../device.js';
import { Executable } from '../executable.js';
import type { Tensors } from '../inputs.js';
import { toWords } from '../words.js';
import type { PatternFailure, PatternResult, ProbeProgram } from './program.js';
import { patternPrograms, subnormalProgram } from './programs.js';

export interface ProbeReport {
  readonly profile: NumericProfile;
  readonly patterns: readonly PatternResult[];
  /** Whether all patterns passed. */
  readonly exact: boolean;
}

/** The operations that have variants: how kernels call them, and the dearer variant. */
const UPGRADES = {
  mac: { call: 'mac(', to: 'opaque' },
  divide: { call: 'divide(', to: 'corrected' },
  squareRoot: { call: 'square_root(', to: 'corrected' },
} as const satisfies Partial<Record<keyof NumericProfile, { call: string; to: string }>>;
type Upgrade = keyof typeof UPGRADES;

const CHEAPEST: NumericProfile = {
  subnormals: 'preserve',
  mac: 'fusedZero',
  divide: 'native',
  squareRoot: 'native',
};

/**
 * Probes `gpu`. `extra` programs are judged with the built-in ones. `start` is what is tried first; corrected variants in
 * it need the right subnormal mode. Throws DEVICE_VALIDATION, DEVICE_LOST.
 */
export async function probe(
  gpu: GPUDevice,
  preludes: Preludes,
  extra: readonly ProbeProgram[] = [],
  start: NumericProfile = CHEAPEST,
): Promise<ProbeReport> {
  const programs = [subnormalProgram(), ...patternPrograms(), ...extra];
  let profile = start;
  for (;;) {
    const trial = { gpu, name: 'probe', profile };
    const outputs = await Promise.all(programs.map((program) => runOnce(program, preludes, trial)));
    const subnormals = modeOf(programs[0], outputs[0]);
    const judged = programs.flatMap((program, i) => judge(program, outputs[i], subnormals));
    const next = dearer({ ...profile, subnormals }, judged);
    if (next === undefined) {
      const patterns = judged.map(({ result }) => result);
      return { profile: { ...profile, subnormals }, patterns, exact: patterns.every(({ passed }) => passed) };
    }
    profile = next;
  }
}

async function runOnce(
  program: ProbeProgram,
  preludes: Preludes,
  device: Executable['device'],
): Promise<Tensors> {
  const noWeights = (id: string): never => {
    throw new RangeError(`the program has no weight "${id}"`);
  };
  const executable = await Executable.create(program.plan, preludes, program.weights ?? noWeights, device);
  try {
    return await executable.run(program.inputs);
  } finally {
    executable.dispose();
  }
}

/** The mode under which more patterns hold; the others will fail, and say which operation has a mode of its own. */
function modeOf(program: ProbeProgram, outputs: Tensors): SubnormalMode {
  const failures = (mode: SubnormalMode): number =>
    judge(program, outputs, mode).filter(({ result }) => !result.passed).length;
  return failures('flush') < failures('preserve') ? 'flush' : 'preserve';
}

/** A pattern's result with the WGSL behind it. */
interface Judged {
  readonly result: PatternResult;
  readonly wgsl: string;
}

function judge(program: ProbeProgram, outputs: Tensors, mode: SubnormalMode): Judged[] {
  const expected = program.expected(mode);
  return program.plan.outputs.map(({ name }) => {
    const details = program.details?.[name];
    const failure = compare(expected[name], outputs[name], details?.inputs ?? (() => []));
    const facts = {
      name,
      group: program.group,
      passed: failure === undefined,
      cases: outputs[name].data.length,
    };
    return {
      result: failure === undefined ? facts : { ...facts, firstFailure: failure },
      wgsl: details?.wgsl ?? program.plan.pipelines.map(({ code }) => code).join(''),
    };
  });
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

function compare(
  expected: TensorData,
  found: TensorData,
  inputs: (element: number) => readonly number[],
): PatternFailure | undefined {
  const [want, have] = [toWords(expected), toWords(found)];
  const float = isFloat(expected.dtype);
  const element = want.findIndex(
    (word, i) => word !== have[i] && !(float && isNaNBits(word) && isNaNBits(have[i])),
  );
  if (element < 0) return undefined;
  return {
    element,
    inputs: inputs(element).map(hex),
    expected: hex(want[element]),
    found: hex(have[element]),
  };
}

/**
 * The profile to try next: upgrades what the failing patterns with the fewest operations call. Undefined where nothing
 * failed, or nothing is left to upgrade.
 */
function dearer(profile: NumericProfile, judged: readonly Judged[]): NumericProfile | undefined {
  const suspects = judged
    .filter(({ result }) => !result.passed)
    .map(({ wgsl }) =>
      (Object.keys(UPGRADES) as Upgrade[]).filter(
        (name) => wgsl.includes(UPGRADES[name].call) && profile[name] !== UPGRADES[name].to,
      ),
    )
    .filter((names) => names.length > 0);
  if (suspects.length === 0) return undefined;
  const fewest = Math.min(...suspects.map((names) => names.length));
  const guilty = suspects.filter((names) => names.length === fewest).flat();
  return { ...profile, ...Object.fromEntries(guilty.map((name) => [name, UPGRADES[name].to])) };
}
