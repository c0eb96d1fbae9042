/** `heddle inspect`: the IR, the kernels with their reasons, their WGSL, and the memory plan. Needs no GPU. */
import { HeddleError } from '../base/errors.js';
import type { Plan } from '../codegen/plan.js';
import type { Graph } from '../ir/graph.js';
import { printGraph } from '../ir/print.js';
import {
  decisionsOf,
  describeDecisions,
  describeGroups,
  describeKernels,
  describeMemoryPlan,
  describeTotals,
  kernelsOf,
  memoryPlanOf,
} from './explain.js';
import { EXIT, type ExitCode } from './exit.js';
import { counted, facts, heading, indented } from './format.js';
import { describePort, requireBound, type Model, type Runnable } from './model.js';
import { openModel } from './open.js';
import { TARGETS, type ModelOptions, type TargetName } from './options.js';
import { Output } from './output.js';

export interface InspectOptions extends ModelOptions {
  readonly target: TargetName;
  readonly ir?: boolean;
  readonly groups?: boolean;
  /** true: all kernels. */
  readonly wgsl?: true | number;
  readonly memory?: boolean;
  readonly explain?: boolean;
}

/** Lines of IR that the summary shows at the beginning and at the end. */
const ABRIDGED = 12;

export async function inspect(path: string, options: InspectOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const model = await openModel(path, options);
  const { groups, wgsl, memory, explain } = options;
  const summary = !(options.ir || groups || wgsl !== undefined || memory || explain);
  if (!(summary || options.ir) || wgsl !== undefined) requireBound(model);

  const runnable = model.unbound.length > 0 ? undefined : model.prepare(TARGETS[options.target]);
  const graph = runnable?.prepared?.program.graph ?? model.program?.graph;
  if (model.warning !== undefined) output.note(model.warning);
  output.result(asJson(model, runnable, graph, options));

  if (summary) output.print(describeModel(model, runnable));
  if (summary || options.ir) output.print(`\n${heading('IR')}\n${describeGraph(graph, options.ir === true)}`);
  if (model.unbound.length > 0)
    output.print(`\nKernels and memory show when ${model.unbound.join(', ')} have values: --dim name=value.`);
  if (runnable === undefined) return EXIT.ok;
  const { plan, prepared } = runnable;
  if (prepared === undefined) output.print(`\n${heading('Memory')}\n${describeTotals(totalsOf(plan))}`);
  else {
    if (summary) output.print(`\n${heading('Kernels')}\n${describeKernels(prepared)}`);
    if (groups) output.print(`\n${describeGroups(prepared)}`);
    if (explain) output.print(`\n${heading('Decisions')}\n${describeDecisions(prepared)}`);
    if (summary || memory)
      output.print(`\n${heading('Memory')}\n${describeMemoryPlan(memoryPlanOf(prepared))}`);
  }
  if (wgsl !== undefined) output.print(`\n${describeWgsl(plan, wgsl)}`);
  if (summary) output.print(`\nMore: --ir, --groups, --explain, --wgsl [KERNEL], --memory`);
  return EXIT.ok;
}

const totalsOf = (plan: Plan): { arenaBytes: number; lowerBound: number; weightBytes: number } => ({
  arenaBytes: plan.arenaBytes,
  lowerBound: plan.arenaLowerBound,
  weightBytes: plan.weightBytes,
});

function describeModel(model: Model, runnable: Runnable | undefined): string {
  const { file, kind, producer, inputs, outputs } = model;
  const rows: (readonly [string, string])[] = [
    ['file', `${kind === 'onnx' ? 'ONNX' : 'Heddle bundle'}${producer === '' ? '' : ` by ${producer}`}`],
    ['inputs', inputs.map(describePort).join(', ') || 'none'],
    ['outputs', outputs.map(describePort).join(', ') || 'none'],
  ];
  if (runnable !== undefined) {
    const { commands, pipelines } = runnable.plan;
    rows.push(['kernels', `${counted(commands.length, 'kernel')}, ${counted(pipelines.length, 'pipeline')}`]);
  }
  return `${heading(file)}\n${facts(rows)}`;
}

function describeGraph(graph: Graph | undefined, whole: boolean): string {
  if (graph === undefined) return '  the bundle does not carry its graph';
  const lines = printGraph(graph, { names: true }).trimEnd().split('\n');
  if (whole || lines.length <= 2 * ABRIDGED + 1) return indented(lines.join('\n'));
  const left = lines.length - 2 * ABRIDGED;
  return indented(
    [...lines.slice(0, ABRIDGED), `  ... ${left} more nodes (--ir)`, ...lines.slice(-ABRIDGED)].join('\n'),
  );
}

function wgslOf(
  { commands, pipelines }: Plan,
  wanted: true | number,
): { kernel: number; label: string; code: string }[] {
  if (wanted !== true && wanted >= commands.length)
    throw new HeddleError('USAGE', 'there is no such kernel', {
      where: '--wgsl',
      found: `${wanted}`,
      expected: commands.length === 0 ? 'none: the program has no kernels' : `0 to ${commands.length - 1}`,
    });
  return commands.flatMap(({ label, pipeline }, kernel) =>
    wanted === true || wanted === kernel ? [{ kernel, label, code: pipelines[pipeline].code }] : [],
  );
}

const describeWgsl = (plan: Plan, wanted: true | number): string =>
  wgslOf(plan, wanted)
    .map(({ kernel, label, code }) => `${heading(`// kernel ${kernel}: ${label}`)}\n${code.trimEnd()}`)
    .join('\n\n');

/** Everything but the WGSL and the decisions, which are long; these on request. */
function asJson(
  model: Model,
  runnable: Runnable | undefined,
  graph: Graph | undefined,
  options: InspectOptions,
): object {
  const prepared = runnable?.prepared;
  const plan = runnable?.plan;
  return {
    model: model.file,
    kind: model.kind,
    producer: model.producer,
    inputs: model.inputs.map(describePort),
    outputs: model.outputs.map(describePort),
    unbound: model.unbound,
    ir: graph === undefined ? undefined : printGraph(graph, { names: true }),
    kernels: prepared === undefined ? plan?.commands : kernelsOf(prepared),
    pipelines: plan?.pipelines.length,
    memory: prepared === undefined ? plan && totalsOf(plan) : memoryPlanOf(prepared),
    decisions: options.explain && prepared !== undefined ? decisionsOf(prepared) : undefined,
    wgsl: options.wgsl !== undefined && plan !== undefined ? wgslOf(plan, options.wgsl) : undefined,
  };
}
