/** Finds the entry for a node: by domain, name and version of the operator set. */
import { HeddleError } from '../../base/errors.js';
import { nearestName } from '../../base/nearest.js';
import { normalDomain, operatorName } from './domain.js';
import type { NodeContext, TypedValue } from './context.js';
import type { OnnxDType } from './dtype.js';
import type { Exact } from './fold/exact.js';
import type { HostTensor } from './host.js';
import { shorten } from './limits.js';
import type { Value } from '../../ir/emitter.js';
import type { Dequantized, OnnxValue } from './value.js';

/** A sequence of values. */
export interface SequenceResult {
  readonly dtype: OnnxDType;
  readonly elements: readonly OnnxValue[];
}

/** An optional value that is none. */
export interface AbsentResult {
  readonly dtype: OnnxDType;
  readonly isAbsent: true;
}

/** A result: computed by the graph, known, a sequence of such, or none. */
export type Result = Value | Resolved;

/** A result of which the element type is known. */
export type Resolved = TypedValue | HostTensor | SequenceResult | AbsentResult;

/** Where the operands that are moved begin among the inputs, and where they end. */
export type Moves = readonly [from: number, to: number];

/**
 * One row a definition of an operator. The op set's changelog (onnx.ai/onnx/operators) names the versions.
 */
export interface OpEntry {
  readonly op: string;
  /** '' is ai.onnx. */
  readonly domain?: string;
  /** The versions whose definitions this entry covers; it holds up to the first version of a later entry of the op. */
  readonly since: readonly number[];
  /** Adds the node to the graph: one result for each output, in order. Trailing outputs may be missing. */
  readonly emit: (ctx: NodeContext) => Result | readonly Result[];
  /** The node holds graphs: it is not emitted anywhere but where it stands. */
  readonly holdsGraphs?: true;
  /** The node takes or gives sequences: it is resolved where it stands. */
  readonly sequences?: true;
  /** Gives the result without computing anything, where the operand is known; undefined where it is not. */
  readonly view?: (ctx: NodeContext) => HostTensor | undefined;
  /** Computes known 64-bit integers: see fold/exact.ts. */
  readonly exact?: Exact;
  /**
   * The result is integers times a scale: products may be computed of the integers, and known ones stay integers, which take
   * less memory.
   */
  readonly dequantized?: (ctx: NodeContext) => Dequantized | undefined;
  /** The node only moves elements of these inputs: see fold/interpret.ts. */
  readonly moves?: Moves;
}

export type OpTable = readonly OpEntry[];

/** What Heddle does not have, with the operators that are about it. */
const MISSING_FEATURES: Readonly<Record<string, readonly string[]>> = {
  strings: ['StringConcat', 'StringNormalizer', 'StringSplit', 'RegexFullMatch'],
};

/** What one can do without them. */
const INSTEAD: Readonly<Record<string, string>> = {
  strings: 'do this before or after the model, and export what lies between',
};

interface Version {
  readonly since: number;
  readonly entry: OpEntry;
}

export class Registry {
  /** By domain and name, the versions in descending order. */
  private readonly versions = new Map<string, Version[]>();

  constructor(tables: readonly OpTable[]) {
    for (const entry of tables.flat()) {
      const key = operatorName(entry.domain ?? '', entry.op);
      const known = this.versions.get(key) ?? [];
      for (const since of entry.since) known.push({ since, entry });
      this.versions.set(key, known);
    }
    for (const list of this.versions.values()) list.sort((p, q) => q.since - p.since);
  }

  /** The supported operators as `op` or `domain:op`, in order. */
  names(): string[] {
    return [...this.versions.keys()].sort();
  }

  /** Every operator with every version in which its definition changed. */
  rows(): { domain: string; op: string; since: number }[] {
    return [...this.versions.values()]
      .flat()
      .map(({ entry: { domain = '', op }, since }) => ({ domain, op, since }));
  }

  /**
   * The entry for an operator in version `opset` of its domain.
   *
   * @throws ONNX_UNSUPPORTED_FEATURE for operators that need more than tensors, else ONNX_UNSUPPORTED_OP.
   */
  find(domain: string, op: string, opset: number): OpEntry {
    const list = this.versions.get(operatorName(domain, op));
    const found = list?.find(({ since }) => since <= opset);
    if (found !== undefined) return found.entry;
    const name = `${shorten(op)} of ${domain === '' ? 'ai.onnx' : shorten(domain)} ${opset}`;
    const feature = Object.keys(MISSING_FEATURES).find((key) => MISSING_FEATURES[key].includes(op));
    if (feature !== undefined && normalDomain(domain) === '')
      throw new HeddleError(
        'ONNX_UNSUPPORTED_FEATURE',
        `the operator needs ${feature}, which only the graph of the model itself may have`,
        { found: name, hint: INSTEAD[feature] },
      );
    if (list !== undefined)
      throw new HeddleError('ONNX_UNSUPPORTED_OP', 'the operator is not supported in this version', {
        found: name,
        expected: `version ${list.at(-1)!.since} or newer`,
        hint: 'export the model with a newer operator set, or convert it with onnx.version_converter',
      });
    const nearest = this.nearest(domain, op);
    throw new HeddleError('ONNX_UNSUPPORTED_OP', 'the operator is not supported', {
      found: name,
      hint:
        nearest === undefined
          ? 'export the model so that the operator is left out or made of others, as at another operator set'
          : `the nearest supported name is ${nearest}`,
    });
  }

  private nearest(domain: string, op: string): string | undefined {
    const names = [...this.versions.keys()].flatMap((key) => {
      const split = key.lastIndexOf(':');
      return key.slice(0, Math.max(0, split)) === normalDomain(domain) ? [key.slice(split + 1)] : [];
    });
    return nearestName(op.slice(0, 64), names);
  }
}
