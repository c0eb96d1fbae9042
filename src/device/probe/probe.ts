/**
 * Finds out how a device computes, and proves it on the patterns and on the programs of the caller: first with the cheapest
 * variant of every operation of the prelude; where something fails that calls an operation, with its dearer variant.
 */
import { isFloat } from '../../base/dtype.js';
import type { TensorData } from '../../base/tensor.js';
import type { Preludes } from '../../plan/preludes.js';
import { isNaNBits } from '../../numerics/bits.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { NumericProfile } from '../../runtime/device.js';
import { lossOf } from '../../runtime/loss.js';
import { Executable } from '../../runtime/executable.js';
import type { Tensors } from '../../runtime/inputs.js';
import type { Progress } from '../../runtime/pipelines.js';
import { toWords } from '../../runtime/words.js';
import type { PatternFailure, PatternResult, ProbePattern, ProbeProgram } from './program.js';
import { suitePrograms } from './suite.js';

export interface ProbeReport {
  readonly profile: NumericProfile;
  /** Patterns and templates. */
  readonly patterns: readonly PatternResult[];
  /** Whether all of them passed. */
  readonly exact: boolean;
}

/** The operations that have variants: how kernels call them, and the dearer variant. Least dear first. */
const UPGRADES = {
  mac: { call: 'mac(', to: 'opaque' },
  squareRoot: { call: 'square_root(', to: 'corrected' },
  divide: { call: 'divide(', to: 'corrected' },
} as const satisfies Partial<Record<keyof NumericProfile, { call: string; to: string }>>;
type Upgrade = keyof typeof UPGRADES;

const CHEAPEST: NumericProfile = {
  subnormals: 'preserve',
  mac: 'fusedZero',
  divide: 'native',
  squareRoot: 'native',
};

/** What a device did with one profile. `profile` has the subnormal mode that was found. */
interface Trial {
  readonly profile: NumericProfile;
  readonly judged: readonly Judged[];
}

/** What a device does with a profile: with all programs, or with the first and `only` these. */
type Attempt = (profile: NumericProfile, only?: ReadonlySet<ProbeProgram>) => Promise<Trial>;

/** Runs of all programs on `gpu`. The first shows the subnormal mode. */
function attemptsOn(
  gpu: GPUDevice,
  preludes: Preludes,
  programs: readonly ProbeProgram[],
  onProgress: Progress = () => {},
): Attempt {
  return async (profile, only) => {
    const some = only ? programs.filter((program, i) => i === 0 || only.has(program)) : programs;
    let ready = 0;
    onProgress(0, some.length);
    const run = async ({ plan, inputs, weights = () => undefined }: ProbeProgram): Promise<Tensors> => {
      const executable = await Executable.create(plan, preludes, weights, { gpu, name: 'probe', profile });
      try {
        const outputs = await executable.run(inputs);
        onProgress(++ready, some.length);
        return outputs;
      } finally {
        executable.dispose();
      }
    };
    const outputs = await Promise.all(some.map(run));
    const subnormals = modeOf(programs[0], outputs[0]);
    const judged = some.flatMap((program, i) => judge(program, outputs[i], subnormals));
    return { profile: { ...profile, subnormals }, judged };
  };
}

const failuresOf = ({ judged }: Pick<Trial, 'judged'>): Judged[] =>
  judged.filter(({ result }) => !result.passed);
const isExact = (trial: Pick<Trial, 'judged'>): boolean => failuresOf(trial).length === 0;

/**
 * Probes `gpu`. `extra` programs are judged with the suite's. `start` is what is tried first; corrected variants in
 * it need the right subnormal mode. `onProgress` hears of each program that has run. Throws DEVICE_VALIDATION, DEVICE_LOST, FILE_CORRUPT where the suite contradicts itself.
 */
export async function probe(
  gpu: GPUDevice,
  preludes: Preludes,
  extra: readonly ProbeProgram[] = [],
  start: NumericProfile = CHEAPEST,
  onProgress?: Progress,
): Promise<ProbeReport> {
  lossOf(gpu);
  const attempt = attemptsOn(gpu, preludes, [...suitePrograms(preludes.suite), ...extra], onProgress);
  const { profile, judged } = await cheapestExact(attempt, start);
  return { profile, patterns: judged.map(({ result }) => result), exact: isExact({ judged }) };
}

/** The trial with the cheapest profile under which all passes; one that fails, where there is none. */
async function cheapestExact(attempt: Attempt, start: NumericProfile): Promise<Trial> {
  let trial = await attempt(start);
  for (;;) {
    const suspects = suspectsOf(trial);
    // What calls one operation and fails leaves no doubt. Else it shows which of several operations are to blame.
    const guilty = suspects.filter(({ length }) => length === 1).flat();
    if (guilty.length > 0) trial = await attempt(upgraded(trial.profile, guilty));
    else {
      const failing = new Set(failuresOf(trial).map(({ program }) => program));
      for (const names of subsets([...new Set(suspects.flat())])) {
        const profile = upgraded(trial.profile, names);
        if (!isExact(await attempt(profile, failing))) continue;
        const candidate = await attempt(profile);
        if (isExact(candidate)) return candidate;
      }
      return trial;
    }
  }
}

/** For everything that failed: the operations that it calls and that could still be dearer, where there are any. */
const suspectsOf = (trial: Trial): Upgrade[][] =>
  failuresOf(trial)
    .map(({ wgsl }) =>
      (Object.keys(UPGRADES) as Upgrade[]).filter(
        (name) => wgsl.includes(UPGRADES[name].call) && trial.profile[name] !== UPGRADES[name].to,
      ),
    )
    .filter((names) => names.length > 0);

const upgraded = (profile: NumericProfile, names: readonly Upgrade[]): NumericProfile => ({
  ...profile,
  ...Object.fromEntries(names.map((name) => [name, UPGRADES[name].to])),
});

/** All non-empty subsets, small ones first. */
function subsets<T>(items: readonly T[]): T[][] {
  const all = items.reduce<T[][]>((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]]);
  return all.slice(1).sort((a, b) => a.length - b.length);
}

/** The mode under which more patterns hold; the others will fail, and say which operation has a mode of its own. */
function modeOf(program: ProbeProgram, outputs: Tensors): SubnormalMode {
  const failures = (mode: SubnormalMode): number =>
    failuresOf({ judged: judge(program, outputs, mode) }).length;
  return failures('flush') < failures('preserve') ? 'flush' : 'preserve';
}

/** A pattern's result with the WGSL behind it. */
interface Judged {
  readonly program: ProbeProgram;
  readonly result: PatternResult;
  readonly wgsl: string;
}

function judge(program: ProbeProgram, outputs: Tensors, mode: SubnormalMode): Judged[] {
  const { plan, kind = 'pattern', group } = program;
  const expected = program.expected(mode);
  const whole = (name: string): ProbePattern => {
    return { name, output: name, start: 0, length: outputs[name].data.length };
  };
  const patterns = program.patterns ?? plan.outputs.map(({ name }) => whole(name));
  return patterns.map((pattern) => {
    const { name, output, length } = pattern;
    const failure = compare(expected[output], outputs[output], pattern);
    const facts = { kind, name, group, passed: failure === undefined, cases: length };
    return {
      program,
      result: { ...facts, ...(failure && { firstFailure: failure }) },
      wgsl: pattern.wgsl ?? plan.pipelines.map(({ code }) => code).join(''),
    };
  });
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

function compare(
  expected: TensorData,
  found: TensorData,
  { start, length, inputs }: ProbePattern,
): PatternFailure | undefined {
  const [want, have] = [expected, found].map((tensor) => toWords(tensor).subarray(start, start + length));
  const float = isFloat(expected.dtype);
  const element = want.findIndex(
    (word, i) => word !== have[i] && !(float && isNaNBits(word) && isNaNBits(have[i])),
  );
  if (element < 0) return undefined;
  return {
    element,
    inputs: (inputs?.(element) ?? []).map(hex),
    expected: hex(want[element]),
    found: hex(have[element]),
  };
}
