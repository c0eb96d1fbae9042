/** What people do to a model, and what they are told when it cannot be done. */
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor } from '../../scripts/onnx-proto.mjs';
import { tensorData } from '../../src/base/tensor.js';
import { relu } from '../../src/compose/activation.js';
import { exportOnnx, importOnnx } from '../../src/frontends/onnx/index.js';
import type { Program } from '../../src/ir/graph.js';
import { symbol } from '../../src/ir/dim.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { bindDims } from '../../src/ir/bind-dims.js';
import {
  addOutput,
  apply,
  cut,
  edit,
  prune,
  rename,
  replace,
  setShape,
  setWeight,
  type ModelDraft,
} from '../../src/surgery/index.js';
import { formOf } from '../../src/surgery/form.js';
import { errorOf } from '../frontends/onnx/support.js';
import { graphOf } from '../support/specimen.js';
import { expectSame, orRefused, run } from './support.js';

/** Two layers with a branch for training, and a weight that is transposed while importing. */
const MODEL = importOnnx(
  encodeModel({
    name: 'net',
    node: [
      node('MatMul', ['x', 'w1'], ['hidden'], {}),
      node('Relu', ['hidden'], ['active']),
      node('Identity', ['active'], ['same']),
      node('Transpose', ['w2'], ['w2t'], { perm: [1, 0] }),
      node('MatMul', ['same', 'w2t'], ['product']),
      node('Add', ['product', 'bias'], ['y']),
      node('Sub', ['y', 'target'], ['error']),
      node('Mul', ['error', 'error'], ['loss']),
    ],
    initializer: [
      tensor('w1', 'float', [2, 3], [1, 2, 3, 4, 5, 6]),
      tensor('w2', 'float', [2, 3], [1, -1, 1, -1, 1, -1]),
      tensor('bias', 'float', [2], [10, 20]),
    ],
    input: [port('x', 'float', [1, 2]), port('target', 'float', [1, 2])],
    output: [port('y', 'float', [1, 2]), port('loss', 'float', [1, 2])],
  }),
);

const X = { x: tensorData('f32', [1, 2], Float32Array.of(1, -1)), target: tensorData('f32', [1, 2], Float32Array.of(0, 0)) }; // prettier-ignore

const edited = (recipe: (draft: ModelDraft) => void, program: Program = MODEL): Program =>
  edit(program, recipe).program;
const valuesOf = (program: Program, output: string): number[] => [...run(program, X)[output].data];
const refused =
  (recipe: (draft: ModelDraft) => void, program: Program = MODEL) =>
  (): unknown =>
    edit(program, recipe);

describe('a model', () => {
  test('is computed as before while nothing is changed', () => {
    const { program, patches } = edit(MODEL, () => undefined);
    expect(patches).toEqual([]);
    expectSame(program, MODEL);
    expect(valuesOf(program, 'y')).toEqual([10, 20]);
  });

  test('gives what is computed within', () => {
    expect(
      valuesOf(
        edited((draft) => addOutput(draft, 'hidden')),
        'hidden',
      ),
    ).toEqual([-3, -3, -3]);
    expect(
      valuesOf(
        edited((draft) => addOutput(draft, 'same', 'h')),
        'h',
      ),
    ).toEqual([0, 0, 0]);
  });

  test('is cut, and what nothing needs goes', () => {
    const program = edited((draft) => {
      cut(draft, 'active', 'features');
      draft.outputs = draft.outputs.filter(({ name }) => name === 'y');
      prune(draft);
    });
    const features = tensorData('f32', [1, 3], Float32Array.of(1, 2, 3));
    expect([...run(program, { features }).y.data]).toEqual([12, 18]);
    expect([...program.weights.keys()]).toEqual(['w2t']);
  });

  test('keeps its inputs where they are to stay', () => {
    const strip = (keepInputs: boolean): Program =>
      edited((draft) => {
        draft.outputs.pop();
        prune(draft, { keepInputs });
      });
    const inputs = (program: Program) =>
      program.graph.nodes.flatMap((one) => (one.op === 'param' ? [one.attrs.name] : []));
    expect(inputs(strip(true))).toEqual(['x', 'target']);
    expect(inputs(strip(false))).toEqual(['x']);
  });

  test('has other names, within and at its edges, in a file too', () => {
    const program = edited((draft) => {
      rename(draft, 'x', 'image');
      rename(draft, 'y', 'scores');
      rename(draft, 'hidden', 'first');
      rename(draft, 'w1', 'kernel');
    });
    const again = importOnnx(exportOnnx(program)).graph.names!;
    for (const name of ['image', 'scores', 'first', 'kernel'])
      expect([...again.values.keys()]).toContain(name);
    expect(program.graph.outputs.map(({ name }) => name)).toEqual(['scores', 'loss']);
    expect(program.weights.get('kernel')).toBe(MODEL.weights.get('w1'));
  });

  test('has another operator, one more, or one less', () => {
    const negative = edited((draft) => void (draft.values.y.op = 'sub'));
    expect(valuesOf(negative, 'y')).toEqual([-10, -20]);
    const clipped = edited((draft) =>
      replace(draft, 'y', (b, { value }) => b.binary('min', value, b.full(value, 12))),
    );
    expect(valuesOf(clipped, 'y')).toEqual([10, 12]);
    const linear = edited((draft) => replace(draft, 'active', (_, { inputs }) => inputs[2]));
    expect(valuesOf(linear, 'y')).toEqual([7, 23]);
    const composed = edited((draft) => replace(draft, 'active', (b) => relu(b, b.value('hidden'))));
    expect(valuesOf(composed, 'y')).toEqual([10, 20]);
  });

  test('has another weight, of the same shape or with what follows from another one', () => {
    const ones = tensorData('f32', [2, 3], new Float32Array(6).fill(1));
    const program = edited((draft) => setWeight(draft, 'w1', ones));
    expect(
      valuesOf(
        edited((draft) => addOutput(draft, 'hidden'), program),
        'hidden',
      ),
    ).toEqual([0, 0, 0]);
    const wide = edited((draft) => {
      setWeight(draft, 'w1', tensorData('f32', [2, 4], new Float32Array(8)));
      draft.outputs = [{ name: 'hidden', value: 'hidden' }];
      prune(draft);
    });
    expect(run(wide, { x: X.x }).hidden.shape).toEqual([1, 4]);
  });

  test('gets values for its symbols', () => {
    const graph = graphOf((b) => {
      const x = b.param('x', 'f32', [symbol('N'), 3]);
      b.output('y', b.reshape(b.unary('neg', x), [3, symbol('N')]));
    });
    const program = edited((draft) => setShape(draft, 'x', [4, 3]), { graph, weights: new Map() });
    expect(printGraph(program.graph)).toBe(printGraph(bindDims(graph, { N: 4 })));
    const named = edited((draft) => setShape(draft, 'x', ['batch', 3]), { graph, weights: new Map() });
    expect(printGraph(named.graph)).toContain('f32[3,batch]');
  });

  test('says in patches what changed, by name', () => {
    const { patches, inversePatches, program } = edit(MODEL, (draft) => {
      draft.values.y.inputs[0] = 'target';
      draft.outputs[0].name = 'z';
    });
    expect(patches).toEqual([
      { op: 'replace', path: ['outputs', 0, 'name'], value: 'z' },
      { op: 'replace', path: ['values', 'y', 'inputs', 0], value: 'target' },
    ]);
    expectSame(apply(program, inversePatches), MODEL);
  });
});

describe('an edit that cannot be is refused:', () => {
  test('a name that nothing has', () => {
    const error = errorOf(
      'VALUE_UNKNOWN',
      refused((draft) => cut(draft, 'hiden')),
    );
    expect(error.hint).toBe('did you mean "hidden"?');
  });

  test('a value that importing computed', () => {
    const error = errorOf(
      'VALUE_FOLDED',
      refused((draft) => setWeight(draft, 'w2', X.x)),
    );
    expect(error.found).toBe('"w2"');
    expect(error.hint).toContain('weights');
  });

  test('a value of which importing made one with others', () => {
    const error = errorOf(
      'NAME_COLLISION',
      refused((draft) => setWeight(draft, 'bias', X.x)),
    );
    expect(error.summary).toContain('equal');
  });

  test('the same by another of its names, or after a new one', () => {
    const zeros = tensorData('f32', [2], new Float32Array(2));
    for (const to of ['offset', 'a']) {
      const renameIt = (draft: ModelDraft): void => rename(draft, 'bias', to);
      errorOf('NAME_COLLISION', refused((draft) => (renameIt(draft), setWeight(draft, to, zeros)))); // prettier-ignore
      errorOf('NAME_COLLISION', refused((draft) => (renameIt(draft), replace(draft, to, (_, { value }) => value)))); // prettier-ignore
      errorOf(
        'NAME_COLLISION',
        refused((draft) => setWeight(draft, to, zeros), edited(renameIt)),
      );
    }
    const { program, inversePatches } = edit(MODEL, (draft) => rename(draft, 'bias', 'offset'));
    expectSame(apply(program, inversePatches), MODEL);
  });

  test('an operand that is not there', () => {
    const error = errorOf(
      'VALUE_UNKNOWN',
      refused((draft) => void delete draft.values.hidden),
    );
    expect(error.where).toMatch(/operand \d/);
    expect(error.found).toBe('"hidden"');
  });

  test('a cycle', () => {
    const error = errorOf(
      'IR_INVALID',
      refused((draft) => void (draft.values.hidden.inputs[0] = 'y')),
    );
    expect(error.summary).toContain('cycle');
    expect(error.found).toContain('"hidden"');
  });

  test('a shape that fits no more, at the first value that it does not fit', () => {
    const wide = tensorData('f32', [3, 3], new Float32Array(9));
    const error = errorOf(
      'SHAPE_MISMATCH',
      refused((draft) => setWeight(draft, 'w1', wide)),
    );
    expect(error.where).toBe('value "hidden" (dot)');
    errorOf(
      'SHAPE_MISMATCH',
      refused((draft) => setShape(draft, 'x', [1, 2, 3])),
    );
    errorOf(
      'USAGE',
      refused((draft) => setShape(draft, 'hidden', [1, 3])),
    );
  });

  test('a dtype that does not fit', () => {
    const error = errorOf(
      'DTYPE_MISMATCH',
      refused((draft) => replace(draft, 'hidden', (b, { value }) => b.cast(value, 'i32'))),
    );
    expect(error.where).toContain('value ');
  });

  test('two inputs or outputs of one name', () => {
    errorOf(
      'NAME_COLLISION',
      refused((draft) => addOutput(draft, 'hidden', 'y')),
    );
    errorOf(
      'NAME_COLLISION',
      refused((draft) => void draft.outputs.push({ name: 'y', value: 'hidden' })),
    );
    errorOf(
      'NAME_COLLISION',
      refused((draft) => void (draft.values.x.attrs.name = 'target')),
    );
    errorOf(
      'NAME_COLLISION',
      refused((draft) => rename(draft, 'x', 'hidden')),
    );
  });

  test('an op without its attributes, or that there is not', () => {
    const none = { op: 'concat', inputs: ['x'], attrs: {} } as const;
    const error = errorOf(
      'USAGE',
      refused((draft) => void (draft.values.y = { ...none, inputs: ['x'] })),
    );
    expect(error.where).toBe('value "y" (concat)');
    errorOf(
      'IR_INVALID',
      refused((draft) => void (draft.values.y.op = 'softmax' as never)),
    );
    errorOf(
      'USAGE',
      refused((draft) => void (draft.values.y = 3 as never)),
    );
  });

  test('a function that ends later, and patches of another program', () => {
    const later: unknown = () => Promise.resolve();
    errorOf('USAGE', refused(later as () => void));
    const { patches } = edit(MODEL, (draft) => void (draft.values.y.attrs.extra = 1));
    const other = { graph: graphOf((b) => b.output('z', b.param('z', 'f32', [1]))), weights: new Map() };
    errorOf('USAGE', () => apply(other, patches));
  });
});

describe('what patches leave is checked as what a recipe does:', () => {
  const replaced = (path: (string | number)[], value: unknown) => (): unknown =>
    apply(MODEL, [{ op: 'replace', path, value }]);
  const hostile = [null, 5, 'y', [], {}, [null], [5], { y: null }, { y: 5 }];
  const paths = [[], ...Object.keys(formOf(MODEL)).map((part) => [part]), ['values', 'y'], ['outputs', 0]];

  test.each(paths.map((path) => [path]))('anything at %j', (path) => {
    for (const value of hostile) orRefused(replaced(path, value));
  });

  test('a value, outputs and a weight that are none', () => {
    for (const [path, value] of [
      [['values', 'y'], null],
      [['values', 'y'], { ...formOf(MODEL).values.y, id: 'first' }],
      [['outputs'], 5],
      [['outputs', 0], null],
      [['weights', 'w1'], null],
      [['aliases'], { z: 1 }],
      [['provenance'], {}],
      [[], null],
    ] as const)
      errorOf('USAGE', replaced([...path], value));
    errorOf('USAGE', refused((draft) => void (draft.outputs = 5 as never))); // prettier-ignore
  });

  test('an operand that only the prototype of the values has', () => {
    const values = { ...formOf(MODEL).values };
    values.y = { ...values.y, inputs: ['toString', 'toString'] };
    errorOf('VALUE_UNKNOWN', replaced(['values'], values));
    errorOf('VALUE_UNKNOWN', refused((draft) => void (draft.values = values as never))); // prettier-ignore
  });

  test('a value without an id gets one', () => {
    const { id: _, ...y } = formOf(MODEL).values.y;
    expectSame(apply(MODEL, [{ op: 'replace', path: ['values', 'y'], value: y }]), MODEL);
  });
});

test('names out of files that objects have from the start are names like others', () => {
  const graph = graphOf((b) => {
    const x = b.param('constructor', 'f32', [2]);
    b.output('__proto__', b.binary('add', x, b.weight('prototype', 'f32', [2])));
    b.output('toString', b.unary('neg', x));
  });
  const weight = tensorData('f32', [2], Float32Array.of(1, 2));
  const program = { graph, weights: new Map([['prototype', weight]]) };
  const { program: renamed, inversePatches } = edit(program, (draft) => rename(draft, 'toString', 'valueOf'));
  expect(renamed.graph.outputs.map(({ name }) => name)).toEqual(['__proto__', 'valueOf']);
  expectSame(apply(renamed, inversePatches), program);
});

test('a body whose output is no value is refused where it stands', () => {
  const looped = parseGraph(`graph "looped" {
    %0 = param {name="x"} : f32[3]
    %1 = loop %0 {body=graph "step" {
      %0 = param {name="trip"} : i32[]
      %1 = param {name="h"} : f32[3]
      return "h"=%1
    } carries=1 trips=4 conditional=false} : (f32[3])
    %2 = result %1 {index=0} : f32[3]
    return "y"=%2
  }`);
  const body = { name: 'step', nodes: [], outputs: [{ name: 'h', value: 7 }] };
  const error = errorOf('IR_INVALID', () =>
    edit({ graph: looped, weights: new Map() }, (draft) => (draft.values['%1'].attrs.body = body)),
  );
  expect(error.where).toBe('value "%1" (loop)');
});
