/** Adds operations to a draft, so that whatever is written against an `Emitter` can be put into a model. */
import { checkArguments, dtype as someDtype } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import type { DType } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import { required, text } from '../base/kinds.js';
import type { TensorData } from '../base/tensor.js';
import { checkAttrs } from '../ir/attrs.js';
import { Emitter, type Value } from '../ir/emitter.js';
import type { Op, OpAttrs } from '../ir/ops.js';
import type { Shape, TensorType } from '../ir/types.js';
import type { ModelDraft } from './form.js';
import { keyOf, typeAt, typesFor } from './lookup.js';

/** A value of a draft. */
export interface DraftRef extends Value {
  readonly name: string;
}

export class DraftBuilder extends Emitter<DraftRef> {
  /** The names of what it has added. */
  readonly added: string[] = [];
  private readonly types = new Map<string, TensorType>();

  /** `prefix`: what the names of new values begin with. */
  constructor(
    private readonly draft: ModelDraft,
    private readonly prefix: string,
  ) {
    super();
  }

  /** A value that the draft has. Throws VALUE_UNKNOWN, VALUE_FOLDED. */
  value(name: string): DraftRef {
    checkArguments('value', { name }, { name: required(text) });
    const key = keyOf(this.draft, name, 'value');
    if (!this.types.has(key))
      for (const [own, type] of typesFor(this.draft, [key])) this.types.set(own, type);
    return { name: key, type: this.types.get(key)! };
  }

  /** Adds an operation. Throws as `inferType` does. */
  override emit<K extends Op>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): DraftRef {
    checkAttrs(op, attrs);
    const operands = inputs.map((value) => this.own(value));
    const name = freeName(this.draft, `${this.prefix}/${op}`);
    const type = typeAt(name, { op, attrs: attrs }, operands.map((one) => one.type)); // prettier-ignore
    return this.add(name, op, operands.map((one) => one.name), attrs, type); // prettier-ignore
  }

  /** A new input. Throws NAME_COLLISION where something has its name. */
  param(name: string, dtype: DType, shape: Shape): DraftRef {
    checkArguments('param', { name, dtype }, { name: required(text), dtype: someDtype });
    return this.source(name, 'param', { name, dtype, shape });
  }

  /** A new weight. Throws NAME_COLLISION where something has its name. */
  weight(id: string, tensor: TensorData): DraftRef {
    checkArguments('weight', { id }, { id: required(text) });
    if (id in this.draft.weights) throw collision(id);
    const { dtype, shape } = tensor;
    const ref = this.source(id, 'weight', { id, dtype, shape: [...shape] });
    this.draft.weights[id] = tensor;
    return ref;
  }

  private source<K extends 'param' | 'weight'>(name: string, op: K, attrs: OpAttrs[K]): DraftRef {
    checkAttrs(op, attrs);
    if (name in this.draft.values || name in this.draft.aliases) throw collision(name);
    return this.add(name, op, [], attrs, typeAt(name, { op, attrs: { ...attrs } }, []));
  }

  private add(name: string, op: Op, inputs: string[], attrs: object, type: TensorType): DraftRef {
    this.draft.values[name] = { op, inputs, attrs: { ...attrs } };
    this.added.push(name);
    this.types.set(name, type);
    return { name, type };
  }

  private own(value: Value): DraftRef {
    const { name } = (value as Partial<DraftRef> | undefined) ?? {};
    if (typeof name === 'string' && name in this.draft.values) return this.value(name);
    throw new HeddleError('IR_INVALID', 'an operand does not belong to this draft', { found: describeValue(value) }); // prettier-ignore
  }
}

const collision = (name: string): HeddleError =>
  new HeddleError('NAME_COLLISION', 'something has this name already', {
    found: JSON.stringify(name),
    expected: 'a free name',
  });

/** `name`, or with a number after it where something has that name. */
export function freeName({ values, aliases }: ModelDraft, name: string): string {
  let free = name;
  for (let i = 2; free in values || free in aliases; i++) free = `${name}_${i}`;
  return free;
}
