/** What the page hears from a worker in which a program of somebody runs, which may post what it likes: it is checked before it is shown. */
import type {
  CpuCode,
  GraphReport,
  InspectionReport,
  KernelFacts,
  MemoryFacts,
  ModelFacts,
  NodeFacts,
  RewriteFacts,
  StageFacts,
  StepFacts,
  TensorFacts,
} from '../../src/cli/reports/inspection/types.js';
import { isList, isMaybe, isNumber, isOneOf, isPair, isRecord, isText } from './checks.js';
import type { Failed, JitResult, News, OutputFacts, Told } from './protocol.js';

/** What was told, or that it was nothing that a page can show. */
export function heardOf(data: unknown): Told {
  if (isNews(data)) return { news: data.news };
  if (isDone(data) && data.result.report.kernels.every(({ pipeline }) => pipeline in data.result.report.pipelines))
    return { result: data.result }; // prettier-ignore
  if (isFailed(data)) return { error: data.error, ...(data.line === undefined ? {} : { line: data.line }) };
  return { error: 'The program posted a message that the page cannot show.' };
}

const isTexts = isList(isText);
const isNumbers = isList(isNumber);

const isModel = isRecord<ModelFacts>({
  name: isText,
  kind: isOneOf('onnx', 'config', 'bundle', 'program'),
  producer: isText,
  inputs: isTexts,
  outputs: isTexts,
  target: isText,
  shapedFor: isMaybe(isOneOf('gpu', 'software', 'wasm')),
  language: isOneOf('wgsl', 'wat'),
  notes: isTexts,
});

const isGraph = isRecord<GraphReport>({
  id: isText,
  title: isText,
  nodes: isList(
    isRecord<NodeFacts>({
      op: isText,
      inputs: isNumbers,
      type: isText,
      attrs: isMaybe(isText),
      origin: isMaybe(isText),
      holds: isMaybe(isTexts),
      reason: isMaybe(isText),
    }),
  ),
  outputs: isList(isRecord<GraphReport['outputs'][number]>({ name: isText, value: isNumber })),
});

const isKernel = isRecord<KernelFacts>({
  label: isText,
  pipeline: isNumber,
  over: isText,
  workgroups: isNumbers,
  operations: isNumber,
  bytesRead: isMaybe(isNumber),
  bytesWritten: isMaybe(isNumber),
  bindings: isTexts,
  graph: isMaybe(isText),
  members: isNumbers,
  reads: isNumbers,
  writes: isNumbers,
});

const isCpuCode = isRecord<CpuCode>({
  kernels: isList(isRecord<CpuCode['kernels'][number]>({ label: isText, pipeline: isNumber })),
  pipelines: isTexts,
});

const isMemory = isRecord<MemoryFacts>({
  arenaBytes: isNumber,
  lowerBound: isNumber,
  weightBytes: isNumber,
  steps: isList(isRecord<StepFacts>({ label: isText, kernel: isMaybe(isNumber) })),
  peakStep: isNumber,
  tensors: isList(
    isRecord<TensorFacts>({
      value: isNumber,
      type: isText,
      origin: isMaybe(isText),
      bytes: isNumber,
      offset: isNumber,
      first: isNumber,
      last: isNumber,
    }),
  ),
});

const isReport = isRecord<InspectionReport>({
  version: isOneOf(1),
  model: isModel,
  graphs: isList(isGraph),
  stages: isList(
    isRecord<StageFacts>({ stage: isText, did: isText, rules: isList(isPair(isText, isNumber)) }),
  ),
  rewrites: isList(
    isRecord<RewriteFacts>({ rule: isText, origin: isMaybe(isText), before: isText, after: isText }),
  ),
  rewritesLeftOut: isNumber,
  kernels: isList(isKernel),
  pipelines: isTexts,
  cpu: isMaybe(isCpuCode),
  memory: isMemory,
});

const isNews = isRecord<{ readonly news: News }>({
  news: isRecord<News>({ stage: isText, done: isNumber, total: isNumber, losses: isMaybe(isNumbers) }),
});

const isDone = isRecord<{ readonly result: JitResult }>({
  result: isRecord<JitResult>({
    ir: isText,
    report: isReport,
    outputs: isList(isRecord<OutputFacts>({ name: isText, type: isText, first: isNumbers })),
  }),
});

/** Programs need no operators, so that none are missing. */
const isFailed = isRecord<Pick<Failed, 'error' | 'line'>>({ error: isText, line: isMaybe(isNumber) });
