/** The operators that run on the host, since they take or give text. */
import { normalDomain } from '../../domain.js';
import type { TextOp } from '../node.js';
import { elements } from './elements.js';
import { labels } from './labels.js';
import { strings } from './strings.js';

const OPERATORS = [...elements, ...labels, ...strings];

/** The definition of an operator in version `opset` of its domain, on text. */
export const textOp = (domain: string, op: string, opset: number): TextOp | undefined =>
  OPERATORS.findLast(
    (entry) =>
      entry.op === op && (entry.domain ?? '') === normalDomain(domain) && entry.signature.since <= opset,
  );
