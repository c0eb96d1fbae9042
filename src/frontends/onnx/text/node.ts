/** What an operator on the host sees of its node. */
import { HeddleError, type ErrorCode, type ErrorFacts } from '../../../base/errors.js';
import type { ImageDecoders } from '../../../data/images/index.js';
import type { Attributes } from '../attributes.js';
import type { FoldBudget } from '../context.js';
import type { OnnxDType } from '../dtype.js';
import type { DeclaredDim } from '../ports.js';
import type { NodeProto } from '../proto/onnx.js';
import type { Signature } from '../signatures/signature.js';
import type { HostValue } from './tensor.js';

/** The element type of a value on the host, and its extents as far as they are known before a run. */
export interface TextType {
  readonly dtype: OnnxDType | 'string';
  /** undefined: not even the rank is known. */
  readonly dims: readonly DeclaredDim[] | undefined;
}

export class TextNode {
  constructor(
    readonly node: NodeProto,
    readonly opset: number,
    readonly attr: Attributes,
    /** Those of the inputs; undefined for one that is left out, and where a graph computes it. */
    readonly inputs: readonly (TextType | undefined)[],
    /** The element type that the model declares of a value that a graph computes, or takes; undefined where it says none. */
    readonly declared: (name: string) => OnnxDType | undefined,
    readonly images: ImageDecoders,
  ) {}

  fail(code: ErrorCode, message: string, facts?: ErrorFacts): never {
    throw new HeddleError(code, message, facts);
  }
}

/** What a node does: the types of its outputs, and their values from those of its inputs. */
export interface TextWork {
  readonly outputs: readonly TextType[];
  /** How many of the inputs are read, from the first on; all where it says none. Of others the type alone counts. */
  readonly reads?: number;
  /** `budget`: of an import, which the elements of the outputs are taken from before they are made. */
  readonly run: (inputs: readonly (HostValue | undefined)[], budget?: FoldBudget) => readonly HostValue[];
}

/** One row a definition of an operator on the host. */
export interface TextOp {
  readonly op: string;
  /** '' is ai.onnx. */
  readonly domain?: string;
  /** From its version on. It says how many inputs and outputs there are, and which attributes. */
  readonly signature: Signature;
  /** Checks the node. Throws ONNX_INVALID and others, with the rule that it breaks. */
  readonly plan: (node: TextNode) => TextWork;
}
