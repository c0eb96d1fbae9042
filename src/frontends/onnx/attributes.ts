/** The attributes of a node, by name and type. */
import { utf8Decoder } from '../../base/utf8.js';
import { HeddleError } from '../../base/errors.js';
import type { ExternalReader } from './external.js';
import type { HostTensor } from './host.js';
import { shorten } from './limits.js';
import { readSparse } from './sparse.js';
import { readTensor } from './tensor.js';
import { readValue, type HostValue } from './text/tensor.js';
import type { AttributeProto } from './proto/onnx.js';

/** AttributeProto.AttributeType. Files of IR version 1 may leave the type out (0). */
export const KINDS = {
  ...{ float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 },
  ...{ tensors: 9, graphs: 10, sparse: 11, type: 13 },
} as const;
export type AttributeKind = keyof typeof KINDS;

const utf8 = utf8Decoder();

/**
 * Typed access: each accessor gives the attribute, else the default. Every one throws ONNX_INVALID where the attribute
 * has another type. Integers beyond 2^53 come rounded: they only serve as "to the end" marks.
 */
export class Attributes {
  private readonly byName = new Map<string, AttributeProto>();

  constructor(
    attributes: readonly AttributeProto[],
    private readonly external?: ExternalReader,
  ) {
    for (const attribute of attributes) {
      if (this.byName.has(attribute.name))
        throw new HeddleError('ONNX_INVALID', 'an attribute is given twice', {
          found: shorten(attribute.name),
        });
      if (attribute.refAttrName !== '')
        throw new HeddleError(
          'ONNX_INVALID',
          'an attribute refers to a function attribute outside of a function',
          {
            found: shorten(attribute.name),
          },
        );
      this.byName.set(attribute.name, attribute);
    }
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    const attribute = this.find(name, 'int');
    return attribute === undefined ? otherwise : Number(attribute.i);
  }

  /** ONNX writes booleans as integers. */
  flag(name: string, otherwise: boolean): boolean {
    return this.int(name, otherwise ? 1 : 0) !== 0;
  }

  float(name: string): number | undefined;
  float(name: string, otherwise: number): number;
  float(name: string, otherwise?: number): number | undefined {
    return this.find(name, 'float')?.f ?? otherwise;
  }

  string(name: string): string | undefined;
  string(name: string, otherwise: string): string;
  string(name: string, otherwise?: string): string | undefined {
    const attribute = this.find(name, 'string');
    return attribute === undefined ? otherwise : utf8.decode(attribute.s);
  }

  /** A string that must be one of `choices`. */
  choice<const T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const given = this.string(name, otherwise);
    const chosen = choices.find((choice) => choice === given);
    if (chosen !== undefined) return chosen;
    throw new HeddleError('ONNX_INVALID', `attribute ${name} has no such value`, {
      found: `"${shorten(given)}"`,
      expected: choices.join(', '),
    });
  }

  ints(name: string): readonly number[] | undefined;
  ints(name: string, otherwise: readonly number[]): readonly number[];
  ints(name: string, otherwise?: readonly number[]): readonly number[] | undefined {
    return this.find(name, 'ints')?.ints.map(Number) ?? otherwise;
  }

  floats(name: string): readonly number[] | undefined {
    return this.find(name, 'floats')?.floats;
  }

  strings(name: string): readonly string[] | undefined {
    return this.find(name, 'strings')?.strings.map((text) => utf8.decode(text));
  }

  /** Integers of full width, for values that are data. */
  bigInts(name: string): readonly bigint[] | undefined {
    return this.find(name, 'ints')?.ints;
  }

  tensor(name: string): HostTensor | undefined {
    const proto = this.find(name, 'tensor')?.t;
    return proto === undefined ? undefined : readTensor(proto, `attribute ${name}`, this.external);
  }

  /** A tensor of numbers or of text. */
  value(name: string): HostValue | undefined {
    const proto = this.find(name, 'tensor')?.t;
    return proto === undefined ? undefined : readValue(proto, `attribute ${name}`, this.external);
  }

  /** A sparse tensor, as the dense one that it stands for. */
  sparse(name: string): HostTensor | undefined {
    const proto = this.find(name, 'sparse')?.sparseTensor;
    return proto === undefined ? undefined : readSparse(proto, `attribute ${name}`, this.external);
  }

  /** A type, still as bytes. */
  type(name: string): Uint8Array | undefined {
    return this.find(name, 'type')?.tp;
  }

  /** A graph, still as bytes. */
  graph(name: string): Uint8Array | undefined {
    return this.find(name, 'graph')?.g;
  }

  /** `value`, or ONNX_INVALID that attribute `name` is missing: `required('to', attr.int('to'))`. */
  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw new HeddleError('ONNX_INVALID', `attribute ${name} is missing`);
  }

  private find(name: string, kind: AttributeKind): AttributeProto | undefined {
    const attribute = this.byName.get(name);
    if (attribute === undefined || attribute.type === KINDS[kind] || attribute.type === 0) return attribute;
    throw new HeddleError('ONNX_INVALID', `attribute ${name} has the wrong type`, {
      found:
        Object.keys(KINDS).find((key) => KINDS[key as AttributeKind] === attribute.type) ??
        `type ${attribute.type}`,
      expected: kind,
    });
  }
}
