/** The operators that run on the host: those that take or give text, and what decodes images. */
import { normalDomain } from '../../domain.js';
import type { TextOp } from '../node.js';
import { elements } from './elements.js';
import { images } from './images.js';
import { labels } from './labels.js';
import { strings } from './strings.js';

const OPERATORS = [...elements, ...images, ...labels, ...strings];

/** The definition of an operator in version `opset` of its domain, on the host. */
export const textOp = (domain: string, op: string, opset: number): TextOp | undefined =>
  OPERATORS.findLast(
    (entry) =>
      entry.op === op && (entry.domain ?? '') === normalDomain(domain) && entry.signature.since <= opset,
  );
