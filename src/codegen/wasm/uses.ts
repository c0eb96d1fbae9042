/** How often, where and in which form the values of a body are used. What nothing uses gets no code. */
import { fault } from '../../base/errors.js';
import type { Block, Instr, Ref } from '../ssa/instr.js';
import { blocksOf } from '../ssa/walk.js';
import { isUniform, type LaneClass, type LaneClasses } from './lanes.js';
import type { Pointers } from './pointers.js';
import { isShift, SCALAR_PRIMS } from './prims.js';

/** `scalar`: the base that the lanes have in common. `vector`: all four lanes. */
export type ValueForm = 'scalar' | 'vector';

/** A use, which may be of several times. */
interface Use {
  readonly ref: Ref;
  readonly form: ValueForm;
  readonly times: number;
}

export interface Uses {
  readonly scalar: readonly (number | undefined)[];
  readonly vector: readonly (number | undefined)[];
  /** Used in another block than that of the definition. */
  readonly escaped: ReadonlySet<number>;
}

export function countUses(
  block: Block,
  results: readonly Ref[],
  classes: LaneClasses,
  pointers: Pointers,
): Uses {
  const scalar: (number | undefined)[] = [];
  const vector: (number | undefined)[] = [];
  const escaped = new Set<number>();
  const definitions: ({ readonly instr: Instr; readonly home: Block } | undefined)[] = [];
  const use = ({ ref, form, times }: Use, from: Block): void => {
    const { id } = ref;
    const isNew = scalar[id] === undefined && vector[id] === undefined;
    const counts = form === 'scalar' ? scalar : vector;
    counts[id] = (counts[id] ?? 0) + times;
    const definition = definitions[id];
    if (definition === undefined) return;
    if (definition.home !== from) escaped.add(id);
    if (isNew && isRemovable(definition.instr))
      for (const inner of usesOf(definition.instr, classes, pointers)) use(inner, definition.home);
  };
  const visit = (inner: Block): void => {
    for (const instr of inner) {
      if ('ref' in instr) definitions[instr.ref.id] = { instr, home: inner };
      for (const each of blocksOf(instr)) visit(each);
      const home = instr.kind === 'while' ? instr.test : inner;
      if (!isRemovable(instr)) for (const each of usesOf(instr, classes, pointers)) use(each, home);
    }
  };
  visit(block);
  for (const ref of results) use({ ref, form: formOf(classOf(classes, ref)), times: 1 }, block);
  return { scalar, vector, escaped };
}

/** Whether an instruction needs no code where its value is not used. */
const isRemovable = ({ kind }: Instr): boolean => REMOVABLE.has(kind);
const REMOVABLE: ReadonlySet<Instr['kind']> = new Set<Instr['kind']>([
  ...(['const', 'param', 'trip', 'prim', 'call', 'load', 'arrayLoad', 'get', 'quadBroadcast'] as const),
]);

export function classOf(classes: LaneClasses, { id }: Ref): LaneClass {
  const found = classes[id];
  if (found === undefined) fault('kernel code uses a value before its definition', `%${id}`);
  return found;
}

export const formOf = (of: LaneClass): ValueForm => (of.kind === 'affine' ? 'scalar' : 'vector');

/** The operands of an instruction in the forms in which its code takes them. */
function usesOf(instr: Instr, classes: LaneClasses, { ofLoop, ofAccess }: Pointers): readonly Use[] {
  const as = (form: ValueForm, times = 1) => (ref: Ref): Use => ({ ref, form, times }); // prettier-ignore
  const own = (ref: Ref): Use => as(formOf(classOf(classes, ref)))(ref);
  switch (instr.kind) {
    case 'prim': {
      if (classOf(classes, instr.ref).kind === 'affine')
        return instr.args.map(as('scalar', 'expand' in SCALAR_PRIMS[instr.prim] ? 2 : 1));
      const [first, second] = instr.args;
      const uniform = (ref: Ref): boolean => isUniform(classOf(classes, ref));
      if (isShift(instr.prim) && uniform(second)) return [as('vector')(first), as('scalar')(second)];
      if (first.type === 'bool' && instr.args.length === 3 && uniform(first))
        return [as('scalar')(first), ...instr.args.slice(1).map(as('vector'))];
      return instr.args.map(as('vector', instr.prim === 'udiv' || instr.prim === 'urem' ? 2 : 1));
    }
    case 'call':
      return instr.args.map(as(formOf(classOf(classes, instr.ref))));
    case 'load':
      return ofAccess.has(instr) ? [] : [own(instr.index)];
    case 'store':
      return [
        ...(ofAccess.has(instr) ? [] : [own(instr.index)]),
        as(storedForm(instr, classes))(instr.value),
      ];
    case 'arrayLoad':
      return [own(instr.index)];
    case 'arrayStore':
      return [own(instr.index), as('vector')(instr.value)];
    case 'var':
      return [as(formOf(classOf(classes, instr.ref)))(instr.init)];
    case 'set':
      return [as(formOf(classOf(classes, instr.variable)))(instr.value)];
    case 'for': {
      const bounds = [instr.from, instr.to, instr.step];
      const form = bounds.every((ref) => isUniform(classOf(classes, ref))) ? 'scalar' : 'vector';
      const pointed = (ofLoop.get(instr) ?? []).flatMap(({ start, terms }) =>
        start === undefined ? terms.map(({ ref }) => ref) : [],
      );
      return [...bounds, ...pointed].map(as(form, 2));
    }
    case 'while':
    case 'if':
      return [own(instr.cond)];
    case 'quadBroadcast':
      return [own(instr.value)];
    case 'const':
    case 'param':
    case 'trip':
    case 'get':
    case 'barrier':
      return [];
  }
}

/** A value that all lanes store in one place is stored once. */
export const storedForm = (
  { index, value }: Extract<Instr, { kind: 'store' }>,
  classes: LaneClasses,
): ValueForm =>
  isUniform(classOf(classes, index)) && isUniform(classOf(classes, value)) ? 'scalar' : 'vector';
