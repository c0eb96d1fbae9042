/** Flat kernels: every scalar function, conversions and rounding to f16. */
import type { DType } from '../../base/dtype.js';
import type { GraphValue } from '../../ir/builder.js';
import type { BinaryOp, CompareOp, UnaryOp } from '../../ir/ops.js';
import type { Template, TemplateBuilder } from './template.js';

const COUNT = 384;

/** Stores every one of `values` and what `join` makes of them all: one kernel computes them. */
function together(
  b: TemplateBuilder,
  values: Readonly<Record<string, GraphValue>>,
  join: BinaryOp,
  name: string,
): void {
  for (const [output, value] of Object.entries(values)) b.output(output, value);
  b.output(
    name,
    Object.values(values).reduce((a, c) => b.binary(join, a, c)),
  );
}

const unary = (b: TemplateBuilder, x: GraphValue, ops: readonly UnaryOp[]): Record<string, GraphValue> =>
  Object.fromEntries(ops.map((op) => [op, b.unary(op, x)]));

const binary = (
  b: TemplateBuilder,
  x: GraphValue,
  y: GraphValue,
  ops: readonly BinaryOp[],
): Record<string, GraphValue> => Object.fromEntries(ops.map((op) => [op, b.binary(op, x, y)]));

const compared = (b: TemplateBuilder, op: CompareOp, x: GraphValue, y: GraphValue): GraphValue =>
  b.select(b.binary(op, x, y), x, y);

/** Integer functions; the two dtypes differ in most of them. */
function integers(b: TemplateBuilder, dtype: DType): void {
  const [x, y] = [b.given(dtype, [COUNT]), b.given(dtype, [COUNT])];
  const arithmetic = binary(b, x, y, ['add', 'sub', 'mul', 'div', 'rem']);
  together(b, arithmetic, 'xor', 'arithmetic');
  const sum = (values: readonly GraphValue[]): GraphValue => values.reduce((a, c) => b.binary('xor', a, c));
  const signs = (['neg', 'abs', 'sign', 'not'] as const).map((op) => b.unary(op, x));
  b.output('bits', sum(Object.values(binary(b, x, y, ['and', 'or', 'shl', 'shr']))));
  b.output('signs', sum(signs));
  const choices = (['eq', 'lt', 'le'] as const).map((op) => compared(b, op, x, y));
  b.output('choices', sum([...choices, b.binary('max', x, y), b.binary('min', x, y)]));
}

export const ELEMENTWISE: readonly Template[] = [
  {
    name: 'functions',
    quick: true,
    define: (b) => {
      const [x, y] = [b.given('f32', [COUNT]), b.given('f32', [COUNT])];
      const half = b.cast(x, 'f16');
      const functions = {
        ...unary(b, x, ['exp', 'log']),
        'sqrt of a quotient': b.unary('sqrt', b.binary('div', x, y)),
        'multiply-add of f16': b.cast(b.binary('add', b.binary('mul', half, half), half), 'f32'),
      };
      together(b, functions, 'max', 'largest');
    },
  },
  {
    name: 'more functions',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [COUNT]);
      together(b, unary(b, x, ['sin', 'cos', 'tanh', 'erf', 'sigmoid']), 'max', 'largest');
    },
  },
  {
    name: 'inverse functions',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [COUNT]);
      together(b, unary(b, x, ['asin', 'acos', 'atan']), 'max', 'largest');
    },
  },
  {
    name: 'functions of two',
    quick: false,
    define: (b) => {
      const [x, y] = [b.given('f32', [COUNT]), b.given('f32', [COUNT])];
      together(b, binary(b, x, y, ['pow', 'rem', 'add', 'sub', 'mul']), 'min', 'smallest');
      b.output('choices', (['eq', 'lt', 'le'] as const).map((op) => compared(b, op, x, y)).reduce((a, c) => b.binary('add', a, c))); // prettier-ignore
    },
  },
  {
    name: 'rounding and signs',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [COUNT]);
      together(b, unary(b, x, ['floor', 'ceil', 'round', 'trunc', 'sign']), 'add', 'sum');
      b.output('distance', b.binary('sub', b.unary('abs', x), b.unary('neg', x)));
    },
  },
  { name: 'integers', quick: false, define: (b) => integers(b, 'i32') },
  { name: 'unsigned integers', quick: false, define: (b) => integers(b, 'u32') },
  {
    name: 'conversions',
    quick: false,
    define: (b) => {
      const [x, i] = [b.given('f32', [COUNT]), b.given('i32', [COUNT])];
      const u = b.emit('bitcast', [i], { dtype: 'u32' });
      b.output('f32 to i32', b.cast(x, 'i32'));
      b.output('f32 to u32', b.cast(x, 'u32'));
      b.output('f32 to bool', b.cast(x, 'bool'));
      b.output('i32 to f32', b.cast(i, 'f32'));
      b.output('u32 to f32', b.cast(u, 'f32'));
      b.output('i32 to f16', b.cast(i, 'f16'));
      b.output('f32 to f16', b.cast(x, 'f16'));
      b.output('bits as f32', b.emit('bitcast', [i], { dtype: 'f32' }));
    },
  },
];
