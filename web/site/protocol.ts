/** What the page asks its worker for, and what it hears. All long work is in the worker: the page stays quick. */
import type { InspectionReport, RewriteStep } from '../../src/cli/reports/inspection/types.js';
import type {
  Engine,
  Failed,
  Measuring,
  News,
  StepRequest,
  TimeResult,
  VerifyResult,
} from '../shared/measured.js';
import type { DeviceReport } from './report.js';
import type { KeptTraining } from './training-record.js';

export type { Engine, Failed, News, TimeResult, VerifyResult };

export interface Requests {
  /** Probe and verify this device. */
  readonly device: { readonly request: object; readonly result: DeviceReport };
  /** Run a model on data from a seed. */
  readonly run: { readonly request: ModelRequest; readonly result: RunResult };
  /** Compare all that its kernels store with the reference. */
  readonly verify: { readonly request: NamedFile & Measuring; readonly result: VerifyResult };
  /** Time each of its kernels. */
  readonly time: { readonly request: NamedFile & Measuring; readonly result: TimeResult };
  /** Run the passes again, up to a rewrite. */
  readonly step: { readonly request: NamedFile & StepRequest; readonly result: RewriteStep };
  /** Say what became of a model, a bundle or a config, by the name of its file. */
  readonly inspect: { readonly request: NamedFile; readonly result: InspectionReport };
  /** Trace, compile and run a function, given as TypeScript. */
  readonly jit: { readonly request: { readonly text: string }; readonly result: JitResult };
  /** Compile and run a network config, given as JSON. */
  readonly config: { readonly request: { readonly text: string }; readonly result: ConfigResult };
}

/** Trains digits in a worker that listens to orders until it is ended. */
export interface TrainRequest {
  readonly kind: 'train';
  /** Opens this one, that the browser has kept, at rest. */
  readonly kept?: KeptTraining;
  readonly steps: number;
  readonly engine: Engine;
}

/** What a training hears, at work or at rest. */
export type Order =
  | { readonly order: 'go' | 'stop' | 'export' }
  /** A drawing, f32 [784], to name now and after every few steps. */
  | { readonly order: 'classify'; readonly pixels: Float32Array };

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ModelRequest extends NamedFile {
  readonly engine: Engine;
}

export interface RunResult {
  readonly device: string;
  readonly kernels: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly OutputFacts[];
  /** Milliseconds by phase. */
  readonly times: Readonly<Record<'import' | 'open' | 'compile' | 'first run' | 'run, median of 5', number>>;
}

export interface JitResult {
  /** As text, as it was traced. */
  readonly ir: string;
  readonly report: InspectionReport;
  readonly outputs: readonly OutputFacts[];
}

export interface ConfigResult {
  readonly parameters: number;
  /** What each computes. */
  readonly kernels: readonly string[];
  /** As text, after the passes. */
  readonly ir: string;
  readonly output: OutputFacts;
}

export interface OutputFacts {
  readonly name: string;
  readonly type: string;
  readonly first: readonly number[];
}

/** How far a training came. */
export interface Outcome {
  /** Of digits that it has not seen; from 0 to 1. */
  readonly accuracy: number;
  /** Compiling not included. */
  readonly imagesPerSecond: number;
}

export type Kind = keyof Requests;

export type Asked =
  { readonly [K in Kind]: { readonly kind: K } & Requests[K]['request'] }[Kind] | TrainRequest;

export type Told =
  | { readonly news: News }
  | { readonly result: Requests[Kind]['result'] }
  | Failed
  /** Of a drawing: one for each digit, from 0 to 1. */
  | { readonly scores: readonly number[] }
  /** Why the browser does not keep a training. */
  | { readonly unkept: string }
  /** Why a training that was kept cannot go on. The worker does nothing more. */
  | { readonly refused: string }
  /** A training stopped, or has done all its steps. */
  | { readonly rest: Outcome }
  | { readonly onnx: Uint8Array<ArrayBuffer> };
