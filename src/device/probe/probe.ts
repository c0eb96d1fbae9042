/**
 * Finds out how a device computes, and proves it on the patterns and on the programs of the caller: first with the cheapest
 * variant of every operation of the prelude; where something fails that calls an operation, with its dearer variant.
 */
import { isFloat } from '../../base/dtype.js';
import type { TensorData } from '../../base/tensor.js';
import type { Preludes } from '../../plan/plan.js';
import { isNaNBits } from '../../numerics/bits.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { NumericProfile } from '../../runtime/device.js';
import { lossOf } from '../../runtime/loss.js';
import { Executable } from '../../runtime/executable.js';
import type { Tensors } from '../../runtime/inputs.js';
import { toWords } from '../../runtime/words.js';
import type { PatternFailure, PatternResult, ProbeProgram } from './program.js';
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

/** How one device runs programs. */
class Prober {
  constructor(
    private readonly gpu: GPUDevice,
    private readonly preludes: Preludes,
    /** The first shows the subnormal mode. */
    private readonly programs: readonly ProbeProgram[],
  ) {}

  /** Runs all programs. */
  async attempt(profile: NumericProfile): Promise<Trial> {
    const { programs } = this;
    const outputs = await Promise.all(programs.map((program) => this.run(program, profile)));
    const subnormals = modeOf(programs[0], outputs[0]);
    return {
      profile: { ...profile, subnormals },
      judged: programs.flatMap((program, i) => judge(program, outputs[i], subnormals)),
    };
  }

  /** Whether `programs` are exact with `profile`. */
  async areExact(programs: readonly ProbeProgram[], profile: NumericProfile): Promise<boolean> {
    const judged = await Promise.all(
      programs.map(async (program) => judge(program, await this.run(program, profile), profile.subnormals)),
    );
    return judged.flat().every(({ result }) => result.passed);
  }

  private async run(program: ProbeProgram, profile: NumericProfile): Promise<Tensors> {
    const { gpu, preludes } = this;
    const noWeights = (id: string): never => {
      throw new RangeError(`the program has no weight "${id}"`);
    };
    const device = { gpu, name: 'probe', profile };
    const executable = await Executable.create(program.plan, preludes, program.weights ?? noWeights, device);
    try {
      return await executable.run(program.inputs);
    } finally {
      executable.dispose();
    }
  }
}

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
  lossOf(gpu);
  const prober = new Prober(gpu, preludes, [...suitePrograms(preludes.suite), ...extra]);
  const { profile, judged } = await cheapestExact(prober, start);
  const patterns = judged.map(({ result }) => result);
  return { profile, patterns, exact: patterns.every(({ passed }) => passed) };
}

/** The trial with the cheapest profile under which all passes; one that fails, where there is none. */
async function cheapestExact(prober: Prober, start: NumericProfile): Promise<Trial> {
  let trial = await prober.attempt(start);
  for (;;) {
    const suspects = suspectsOf(trial);
    // What calls one operation and fails leaves no doubt.
    const guilty = suspects.filter(({ length }) => length === 1).flat();
    if (guilty.length === 0) return (await withoutDoubt(prober, trial, suspects.flat())) ?? trial;
    trial = await prober.attempt(upgraded(trial.profile, guilty));
  }
}

/** Tries which of several operations are to blame. */
async function withoutDoubt(
  prober: Prober,
  { profile, judged }: Trial,
  suspects: readonly Upgrade[],
): Promise<Trial | undefined> {
  const failing = new Set(judged.filter(({ result }) => !result.passed).map(({ program }) => program));
  for (const names of subsets([...new Set(suspects)])) {
    const candidate = upgraded(profile, names);
    if (!(await prober.areExact([...failing], candidate))) continue;
    const trial = await prober.attempt(candidate);
    if (trial.judged.every(({ result }) => result.passed)) return trial;
  }
  return undefined;
}

/** For everything that failed: the operations that it calls and that could still be dearer, where there are any. */
const suspectsOf = ({ profile, judged }: Trial): Upgrade[][] =>
  judged
    .filter(({ result }) => !result.passed)
    .map(({ wgsl }) =>
      (Object.keys(UPGRADES) as Upgrade[]).filter(
        (name) => wgsl.includes(UPGRADES[name].call) && profile[name] !== UPGRADES[name].to,
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
    judge(program, outputs, mode).filter(({ result }) => !result.passed).length;
  return failures('flush') < failures('preserve') ? 'flush' : 'preserve';
}

/** A pattern's result with the WGSL behind it. */
interface Judged {
  readonly program: ProbeProgram;
  readonly result: PatternResult;
  readonly wgsl: string;
}

function judge(program: ProbeProgram, outputs: Tensors, mode: SubnormalMode): Judged[] {
  const expected = program.expected(mode);
  return program.plan.outputs.map(({ name }) => {
    const details = program.details?.[name];
    const failure = compare(expected[name], outputs[name], details?.inputs ?? (() => []));
    const facts = {
      kind: program.kind ?? 'pattern',
      name,
      group: program.group,
      passed: failure === undefined,
      cases: outputs[name].data.length,
    };
    return {
      program,
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
