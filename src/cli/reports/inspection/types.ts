/**
 * What the inspector shows of a model, as plain data: `heddle inspect --html` and `heddle view` make it, the page in `web/inspector`
 * draws it. Both read these types; nothing here runs.
 */
import type { TargetName } from '../../terminal/targets.js';

/** Values are named by the position of their node in their graph. */
export interface InspectionReport {
  /** Increased where a page and a report would misread each other. */
  readonly version: 1;
  readonly model: ModelFacts;
  /** The program as it was read, then as it was fused, then the graphs inside of loops and conds. */
  readonly graphs: readonly GraphReport[];
  readonly stages: readonly StageFacts[];
  readonly rewrites: readonly RewriteFacts[];
  /** Rewrites that are left out, as there are too many to read. */
  readonly rewritesLeftOut: number;
  readonly kernels: readonly KernelFacts[];
  /** The code of pipelines: WGSL, or WAT where kernels are for the CPU. Several kernels may share one. */
  readonly pipelines: readonly string[];
  /** The same program for the CPU; absent where its kernels are those above, or cannot be made. */
  readonly cpu?: CpuCode;
  readonly memory: MemoryFacts;
}

export interface ModelFacts {
  /** The file's name, without its folder. */
  readonly name: string;
  readonly kind: 'onnx' | 'config' | 'bundle' | 'program';
  readonly producer: string;
  /** As text, such as `image: f32[1,1,28,28]`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What kernels are shaped for, for people. */
  readonly target: string;
  /** The same by name; absent where there are no kernels, or nobody knows. */
  readonly shapedFor?: TargetName;
  /** What code is in. */
  readonly language: 'wgsl' | 'wat';
  readonly notes: readonly string[];
}

export interface GraphReport {
  readonly id: string;
  readonly title: string;
  readonly nodes: readonly NodeFacts[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
}

export interface NodeFacts {
  readonly op: string;
  readonly inputs: readonly number[];
  /** Such as `f32[1,10]`. */
  readonly type: string;
  /** As in IR text, long ones cut; absent where there are none. */
  readonly attrs?: string;
  /** Where it comes from: the name of an ONNX node, a line of a program. */
  readonly origin?: string;
  /** The ids of the graphs that it holds. */
  readonly holds?: readonly string[];
  /** Of the program as it was fused: why the value is stored, or not. */
  readonly reason?: string;
}

export interface StageFacts {
  readonly stage: string;
  readonly did: string;
  /** Rules with how often they were applied. */
  readonly rules: readonly (readonly [rule: string, times: number])[];
}

/** One application of a rule, in order. */
export interface RewriteFacts {
  readonly rule: string;
  readonly origin?: string;
  /** Expressions, long ones cut. */
  readonly before: string;
  readonly after: string;
}

/** The program before and after one rewrite, each with the first node that the other does not have. */
export interface RewriteStep {
  readonly before: { readonly graph: GraphReport; readonly changed?: number };
  readonly after: RewriteStep['before'];
}

export interface KernelFacts {
  readonly label: string;
  readonly pipeline: number;
  /** What it visits: `1,024 elements`. Empty where it is not known. */
  readonly over: string;
  readonly workgroups: readonly number[];
  /** Rough number of scalar operations. */
  readonly operations: number;
  /** Bytes of the values that it reads, and of those that it writes; undefined where they are not known. */
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  /** Where its buffers lie, in the order of its bindings: `arena 0..4096, read_write`. */
  readonly bindings: readonly string[];
  /** The graph of whose values it speaks; absent where a bundle does not carry it. */
  readonly graph?: string;
  /** Values computed inside, read from memory, written to memory. */
  readonly members: readonly number[];
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

export interface CpuCode {
  /** The pipeline of each kernel, in order. */
  readonly kernels: readonly { readonly label: string; readonly pipeline: number }[];
  readonly pipelines: readonly string[];
}

export interface MemoryFacts {
  readonly arenaBytes: number;
  /** The largest set of values that live at one time: no arena can be smaller. */
  readonly lowerBound: number;
  readonly weightBytes: number;
  /** Steps are kernels, or loops; `first` and `last` below count them. -1 is before the first, `steps.length` after the last. */
  readonly steps: readonly StepFacts[];
  readonly peakStep: number;
  readonly tensors: readonly TensorFacts[];
}

export interface StepFacts {
  readonly label: string;
  /** Absent for a loop or a cond, which has several kernels. */
  readonly kernel?: number;
}

/** A buffer of the arena. */
export interface TensorFacts {
  /** The value that is stored there first, in the program as it was fused. */
  readonly value: number;
  readonly type: string;
  readonly origin?: string;
  readonly bytes: number;
  readonly offset: number;
  readonly first: number;
  readonly last: number;
}

/** An operator that a model needs and Heddle lacks. */
export interface MissingFacts {
  /** `Name of domain opset`. */
  readonly operator: string;
  readonly count: number;
  /** The first of its nodes, for people. */
  readonly first: string;
  /** That node in the report of the file; absent where it is inside of a function. */
  readonly value?: number;
}
