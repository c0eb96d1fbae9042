/** `heddle inspect`: the IR, the kernels with their reasons, their WGSL, and the memory plan. Needs no GPU. */
import { HeddleError } from '../../base/errors.js';
import { nearestName } from '../../base/nearest.js';
import { printable, printableLines } from '../../base/printable.js';
import type { Plan } from '../../plan/plan.js';
import type { Preludes } from '../../plan/preludes.js';
import type { Graph } from '../../ir/graph.js';
import { printGraph } from '../../ir/print.js';
import { describeValues } from '../../surgery/index.js';
import {
  describeDecisions,
  describeStages,
  describeGroups,
  describeKernels,
  describeMemoryPlan,
  describeTotals,
  memoryPlanOf,
  totalsOf,
} from '../reports/explain.js';
import { decisionsOf, kernelsOf } from '../reports/kernels.js';
import { describeSize, describeSizeCosts } from '../reports/sizes.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { counted, facts, heading, indented } from '../terminal/format.js';
import { chooseTarget } from './device.js';
import { describePort, portFields, requireBound, type Model, type Runnable } from '../models/model.js';
import { openModel } from '../models/open.js';
import { compiledFor } from '../models/runnable.js';
import type { KernelChoice, ModelOptions, TargetChoice } from '../terminal/options.js';
import { TARGET_TEXTS, type TargetName } from '../terminal/targets.js';
import { Output } from '../terminal/output.js';

export interface InspectOptions extends ModelOptions {
  /** Default: auto. */
  readonly target?: TargetChoice;
  /** What `auto` looks at. */
  readonly device?: string;
  readonly ir?: boolean;
  readonly groups?: boolean;
  readonly wgsl?: KernelChoice;
  readonly wat?: KernelChoice;
  readonly memory?: boolean;
  readonly explain?: boolean;
  readonly prelude?: boolean;
  readonly values?: boolean;
  /** The model that this one is compared with. */
  readonly diff?: string;
  /** The page that is written. */
  readonly html?: string;
}

/** Lines of IR that the summary shows at the beginning and at the end. */
const ABRIDGED = 12;

export async function inspect(path: string, options: InspectOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const model = await openModel(path, options);
  const { groups, wgsl, wat, memory, explain, prelude } = options;
  const needsKernels = groups || wgsl !== undefined || wat !== undefined || memory || explain;
  const summary = !(options.ir || options.values || prelude || needsKernels);
  if (needsKernels || model.needsSizes === true) requireBound(model);

  const target = await targetFor(model, options);
  const runnable = target === undefined ? undefined : model.prepare(target);
  const graph = runnable?.prepared?.program.graph ?? model.program?.graph;
  if (model.warning !== undefined) output.note(model.warning);
  output.result(asJson(model, runnable, graph, options, summary));

  if (summary) output.print(describeModel(model, runnable));
  if (summary && model.sizes !== undefined)
    output.print(`\n${heading('Sizes')}\n${describeSizeCosts(model.sizes.costs())}`);
  if (summary || options.ir) output.print(`\n${heading('IR')}\n${describeGraph(graph, options.ir === true)}`);
  if (options.values) output.print(`\n${heading('Values')}\n${indented(valuesOf(model).join('\n'))}`);
  if (model.unbound.length > 0)
    output.print(
      `\nKernels and memory show when ${printable(model.unbound.join(', '))} have values: --dim name=value.`,
    );
  if (prelude) output.print(`\n${describePrelude(model.preludes)}`);
  if (runnable === undefined) return EXIT.ok;
  const { plan, prepared } = runnable;
  if (prepared === undefined && (summary || needsKernels))
    output.print(`\n${heading('Memory')}\n${describeTotals(totalsOf(plan))}`);
  else if (prepared !== undefined) {
    if (summary || explain)
      output.print(`\n${heading('Stages')}\n${describeStages(prepared, explain === true)}`);
    if (summary) output.print(`\n${heading('Kernels')}\n${describeKernels(prepared)}`);
    if (groups) output.print(`\n${describeGroups(prepared)}`);
    if (explain) output.print(`\n${heading('Decisions')}\n${describeDecisions(prepared)}`);
    if (summary || memory)
      output.print(`\n${heading('Memory')}\n${describeMemoryPlan(memoryPlanOf(prepared))}`);
  }
  if (wgsl !== undefined) output.print(`\n${describeCode(wgslOf(runnable, wgsl), '//')}`);
  if (wgsl !== undefined && !prelude)
    output.print('\nBefore each kernel stands a prelude, with rn, mac and the like: --prelude shows it.');
  if (wat !== undefined) output.print(`\n${describeCode(watOf(model, runnable, wat), ';;')}`);
  if (summary)
    output.print(
      `\nMore: --ir, --groups, --explain, ${runnable.target === 'wasm' ? '' : '--wgsl [KERNEL], '}--wat [KERNEL], --prelude, --memory, --values`,
    );
  return EXIT.ok;
}

/** What kernels are to be shaped for; undefined where there can be none yet. Throws USAGE, DEVICE_NOT_FOUND. */
export async function targetFor(
  { kind, file, unbound }: Model,
  { target, device }: InspectOptions,
): Promise<TargetName | undefined> {
  if (kind === 'bundle') {
    refuseShaping(file, { target, device });
    return 'gpu';
  }
  // Even where it does not matter, a device has to be there.
  if (unbound.length > 0 && device === undefined) return undefined;
  const chosen = await chooseTarget(target ?? 'auto', device);
  return unbound.length > 0 ? undefined : chosen;
}

function refuseShaping(file: string, given: Readonly<Record<string, string | undefined>>): void {
  for (const [option, value] of Object.entries(given))
    if (value !== undefined)
      throw new HeddleError('USAGE', `--${option} is for models that are not compiled yet`, {
        where: file,
        hint: 'give it to `heddle compile`',
      });
}

const KINDS: Readonly<Record<Model['kind'], string>> = {
  onnx: 'ONNX',
  config: 'network config',
  bundle: 'Heddle bundle',
  program: 'traced program',
};

function describeModel(model: Model, runnable: Runnable | undefined): string {
  const { file, kind, producer, inputs, outputs } = model;
  const rows: (readonly [string, string])[] = [
    ['file', `${KINDS[kind]}${producer === '' ? '' : ` by ${producer}`}`],
    ['inputs', inputs.map(describePort).join(', ') || 'none'],
    ['outputs', outputs.map(describePort).join(', ') || 'none'],
  ];
  for (const side of ['before', 'after'] as const)
    if (model.onHost !== undefined && model.onHost[side].length > 0)
      rows.push([`host, ${side}`, model.onHost[side].map(printable).join(', ')]);
  if (runnable !== undefined) {
    const { commands, pipelines } = runnable.plan;
    rows.push(['kernels', `${counted(commands.length, 'kernel')}, ${counted(pipelines.length, 'pipeline')}`]);
    rows.push(['target', describeTarget(runnable)]);
  }
  if (model.sizes !== undefined)
    rows.push(['size', `${describeSize(model.sizes.chosen)}; --dim NAME=VALUE shows another one`]);
  return `${heading(file)}\n${facts(rows)}`;
}

const describeTarget = ({ target }: Runnable): string =>
  target === undefined ? 'unknown: the file does not tell' : `${target}: shaped for ${TARGET_TEXTS[target]}`;

/** All variants; a device gets those with which the probe finds it exact. */
function describePrelude({ base, mac, divide, squareRoot }: Preludes): string {
  const texts = Object.entries({ mac, divide, squareRoot }).flatMap(([what, byName]) =>
    Object.entries(byName as Readonly<Record<string, string>>).map(
      ([name, code]) => `${heading(`// prelude, ${what}: ${name}`)}\n${printableLines(code.trimEnd())}`,
    ),
  );
  return [`${heading('// prelude, always')}\n${printableLines(base.trimEnd())}`, ...texts].join('\n\n');
}

/** Those of the program as it was read: passes have none of its names. */
const valuesOf = ({ program }: Model): readonly string[] =>
  program === undefined ? [] : describeValues(program);

function describeGraph(graph: Graph | undefined, whole: boolean): string {
  if (graph === undefined) return '  the bundle does not carry its graph';
  const lines = printGraph(graph, { names: true }).trimEnd().split('\n');
  if (whole || lines.length <= 2 * ABRIDGED + 1) return indented(lines.join('\n'));
  const left = lines.length - 2 * ABRIDGED;
  return indented(
    [...lines.slice(0, ABRIDGED), `  ... ${left} more nodes (--ir)`, ...lines.slice(-ABRIDGED)].join('\n'),
  );
}

interface KernelCode {
  readonly kernel: number;
  readonly label: string;
  readonly code: string;
}

/** The kernels with a number or a part of a name, which they must have. Throws USAGE. */
function codeOf(
  { commands, pipelines }: Plan,
  wanted: KernelChoice,
  where: '--wgsl' | '--wat',
): KernelCode[] {
  const kernels = commands.map(({ label, pipeline }, kernel) => ({
    kernel,
    label,
    code: pipelines[pipeline].code,
  }));
  if (wanted === true) return kernels;
  const chosen = kernels.filter(({ kernel, label }) =>
    typeof wanted === 'number' ? kernel === wanted : label.toLowerCase().includes(wanted.toLowerCase()),
  );
  if (chosen.length > 0) return chosen;
  const ops = [...new Set(commands.flatMap(({ label }) => label.split(' ')[0].split('+')))].filter(
    (op) => op !== '...',
  );
  const nearest = typeof wanted === 'string' ? nearestName(wanted, ops) : undefined;
  throw new HeddleError('USAGE', 'unknown kernel', {
    where,
    found: `${wanted}`,
    expected:
      commands.length === 0
        ? 'none: the program has no kernels'
        : `0 to ${commands.length - 1}, or a part of a name, such as ${ops.join(', ')}`,
    ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
  });
}

/** The same of the kernels for the CPU, which are made from the graph. Throws USAGE for a bundle that does not carry it. */
function watOf({ program, file }: Model, runnable: Runnable | undefined, wanted: KernelChoice): KernelCode[] {
  if (program === undefined)
    throw new HeddleError('USAGE', 'the bundle does not carry its graph, so there are no other kernels', {
      where: file,
    });
  const own = runnable?.prepared?.planned.module === undefined ? undefined : runnable;
  const { plan, prepared } = own ?? compiledFor(program, 'wasm');
  const pipelines = plan.pipelines.map((pipeline) => ({
    ...pipeline,
    code: prepared!.planned.module!.wat(pipeline.code),
  }));
  return codeOf({ ...plan, pipelines }, wanted, '--wat');
}

/** Throws USAGE where the kernels are for the CPU. */
function wgslOf({ plan, target }: Runnable, wanted: KernelChoice): KernelCode[] {
  if (target === 'wasm')
    throw new HeddleError('USAGE', 'kernels for the CPU have no WGSL', {
      where: '--wgsl',
      hint: '--wat shows them; without --device wasm and --target wasm, kernels are those for WebGPU',
    });
  return codeOf(plan, wanted, '--wgsl');
}

const describeCode = (kernels: readonly KernelCode[], comment: string): string =>
  kernels
    .map(
      ({ kernel, label, code }) =>
        `${heading(`${comment} kernel ${kernel}: ${label}`)}\n${printableLines(code.trimEnd())}`,
    )
    .join('\n\n');

/** The sections that were asked for; without any, all but the WGSL and the decisions, which are long. */
function asJson(
  model: Model,
  runnable: Runnable | undefined,
  graph: Graph | undefined,
  options: InspectOptions,
  summary: boolean,
): object {
  const prepared = runnable?.prepared;
  const plan = runnable?.plan;
  const kernels = (): object | undefined => (prepared === undefined ? plan?.commands : kernelsOf(prepared));
  const memory = (): object | undefined =>
    prepared === undefined ? plan && totalsOf(plan) : memoryPlanOf(prepared);
  return {
    model: model.file,
    kind: model.kind,
    producer: model.producer,
    inputs: model.inputs.map(portFields),
    outputs: model.outputs.map(portFields),
    unbound: model.unbound,
    target: runnable?.target,
    pipelines: plan?.pipelines.length,
    sizes: summary ? model.sizes?.costs() : undefined,
    size: model.sizes?.chosen,
    ir: (summary || options.ir) && graph !== undefined ? printGraph(graph, { names: true }) : undefined,
    values: options.values ? valuesOf(model) : undefined,
    kernels: summary || options.groups ? kernels() : undefined,
    memory: summary || options.memory ? memory() : undefined,
    stages: options.explain && prepared !== undefined ? prepared.log : undefined,
    decisions: options.explain && prepared !== undefined ? decisionsOf(prepared) : undefined,
    prelude: options.prelude ? model.preludes : undefined,
    wgsl: options.wgsl !== undefined && runnable !== undefined ? wgslOf(runnable, options.wgsl) : undefined,
    wat: options.wat === undefined ? undefined : watOf(model, runnable, options.wat),
  };
}
