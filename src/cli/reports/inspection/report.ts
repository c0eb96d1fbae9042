/** The report of the inspector: what a model became, and why. */
import { legalise } from '../../../passes/pipeline.js';
import type { Rewrite } from '../../../passes/rewrite/log.js';
import type { Prepared } from '../../../compile.js';
import { describePort, type Model, type Runnable } from '../../models/model.js';
import { compiledFor } from '../../models/runnable.js';
import { TARGETS, TARGET_TEXTS } from '../../terminal/targets.js';
import { decisionsOf } from '../kernels.js';
import { cut, GraphList } from './graphs.js';
import { kernelsOfPlan, kernelsOfProgram } from './kernels.js';
import { memoryOfPlan, memoryOfProgram } from './memory.js';
import type { CpuCode, InspectionReport, ModelFacts, RewriteFacts } from './types.js';

/** Rewrites that are shown; a training step of GPT-2 has some thousands. */
const MOST_REWRITES = 4000;
const LONGEST_EXPRESSION = 400;
/** Characters of WebAssembly text that are shown; a program with more has it left out. */
const MOST_WAT = 8 << 20;

/** What `model` became as `runnable`. Both are as `openModel` and {@link Model.prepare} give them. */
export function inspectionOf(model: Model, runnable: Runnable): InspectionReport {
  const { plan, prepared, target = 'gpu' } = runnable;
  const graphs = new GraphList();
  if (prepared === undefined) {
    if (model.program !== undefined) graphs.add(model.program.graph, 'as it is in the bundle');
    return {
      version: 1,
      model: factsOf(model, runnable),
      graphs: graphs.reports,
      stages: [],
      rewrites: [],
      rewritesLeftOut: 0,
      kernels: kernelsOfPlan(plan),
      pipelines: plan.pipelines.map(({ code }) => code),
      memory: memoryOfPlan(plan),
    };
  }
  const { original, program, planned, log } = prepared;
  if (original !== program) graphs.add(original.graph, 'as it was read');
  graphs.add(program.graph, 'as it was fused', reasonsOf(prepared));
  const rewrites = legalise(original, { target: TARGETS[target], check: false }).rewrites;
  const cpu = target === 'wasm' ? undefined : cpuCode(model);
  const code = (text: string): string => planned.module?.wat(text) ?? text;
  return {
    version: 1,
    model: factsOf(model, runnable),
    kernels: kernelsOfProgram(prepared, graphs),
    graphs: graphs.reports,
    stages: log,
    rewrites: rewrites.slice(0, MOST_REWRITES).map(rewriteFacts),
    rewritesLeftOut: Math.max(0, rewrites.length - MOST_REWRITES),
    pipelines: plan.pipelines.map((pipeline) => code(pipeline.code)),
    ...(cpu === undefined ? {} : { cpu }),
    memory: memoryOfProgram(prepared),
  };
}

function factsOf(model: Model, { target: shapedFor }: Runnable): ModelFacts {
  const target = shapedFor ?? 'gpu';
  const { file, kind, producer, inputs, outputs, warning } = model;
  return {
    name: file.replace(/^.*[\\/]/s, ''),
    kind,
    producer,
    inputs: inputs.map(describePort),
    outputs: outputs.map(describePort),
    target: TARGET_TEXTS[target],
    ...(shapedFor === undefined ? {} : { shapedFor }),
    language: target === 'wasm' ? 'wat' : 'wgsl',
    notes: warning === undefined ? [] : [warning],
  };
}

/** Why each value is stored, or not: the last word on it. */
const reasonsOf = (prepared: Prepared): ReadonlyMap<number, string> =>
  new Map(
    decisionsOf(prepared).map(({ value, fused, reason }) => [
      value,
      `${fused ? 'fused' : 'stored'}: ${reason}`,
    ]),
  );

const rewriteFacts = ({ rule, origin, before, after }: Rewrite): RewriteFacts => ({
  rule,
  ...(origin === undefined ? {} : { origin }),
  before: cut(before(), LONGEST_EXPRESSION),
  after: cut(after(), LONGEST_EXPRESSION),
});

function cpuCode({ program }: Model): CpuCode | undefined {
  if (program === undefined) return undefined;
  const { plan, prepared } = compiledFor(program, 'wasm');
  const module = prepared?.planned.module;
  if (module === undefined) return undefined;
  const pipelines: string[] = [];
  let length = 0;
  for (const { code } of plan.pipelines) {
    const text = module.wat(code);
    length += text.length;
    if (length > MOST_WAT) return undefined;
    pipelines.push(text);
  }
  return { kernels: plan.commands.map(({ label, pipeline }) => ({ label, pipeline })), pipelines };
}
