/** What a model declares of the values inside of it. */
import { HeddleError } from '../../base/errors.js';
import { isStatic } from '../../ir/dim.js';
import { printShape } from '../../ir/types.js';
import { dtypeOfCode, ONNX_DTYPES } from './dtype.js';
import { shorten } from './limits.js';
import type { GraphProto, ValueInfoProto } from './proto/onnx.js';
import type { OnnxValue } from './value.js';

/** The types of values by their names, and what was found to be otherwise. */
export class DeclaredValues {
  private readonly byName: ReadonlyMap<string, ValueInfoProto>;
  /** Of these the outputs are checked elsewhere. */
  private readonly inside: ReadonlySet<string>;
  /** Values that have another shape than the model says, each as a text. */
  private readonly misshapen: string[] = [];

  constructor({ output, valueInfo }: GraphProto) {
    this.byName = new Map([...valueInfo, ...output].map((info) => [info.name, info]));
    const outputs = new Set(output.map(({ name }) => name));
    this.inside = new Set(valueInfo.flatMap(({ name }) => (outputs.has(name) ? [] : [name])));
  }

  /** The extents that are declared of a value, where all are numbers. */
  shape(name: string): readonly number[] | undefined {
    const dims = this.dims(name);
    return dims?.every((dim) => dim !== undefined) ? dims : undefined;
  }

  /** Numbers, and undefined for what has a name or nothing. */
  private dims(name: string): readonly (number | undefined)[] | undefined {
    return this.byName
      .get(name)
      ?.type?.tensorType?.shape?.dim.map(({ dimValue }) =>
        dimValue === undefined || dimValue < 0n ? undefined : Number(dimValue),
      );
  }

  /** Throws ONNX_INVALID where a tensor is of another element type than declared. Another shape is remembered. */
  check(value: OnnxValue): void {
    const { name, dtype } = value;
    if (!this.inside.has(name) || value.elements !== undefined || value.isAbsent === true) return;
    const code = this.byName.get(name)?.type?.tensorType?.elemType ?? 0;
    if (code !== 0 && code !== ONNX_DTYPES[dtype].code)
      throw new HeddleError('ONNX_INVALID', 'a value does not have the declared type', {
        found: `"${shorten(name)}" of ${dtype}`,
        expected: dtypeOfCode(code, 'value_info'),
      });
    const { shape } = value;
    const dims = this.dims(name);
    if (dims === undefined) return;
    const fits = (dim: number | undefined, axis: number): boolean => {
      const own = shape[axis];
      return dim === undefined || !isStatic(own) || dim === own;
    };
    if (dims.length !== shape.length || !dims.every(fits))
      this.misshapen.push(`"${shorten(name)}" is ${printShape(shape)}, declared as [${dims.map((dim) => dim ?? '?').join(',')}]`); // prettier-ignore
  }

  /** What a note says of values that are misshapen; nothing where there are none. */
  notes(): readonly string[] {
    const { length } = this.misshapen;
    return length === 0 ? [] : [`${length} ${length === 1 ? 'value has another shape' : 'values have other shapes'} than the model declares: ${this.misshapen[0]}`]; // prettier-ignore
  }
}
