/** Models with text: nodes on the host before the graph and after it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type Proto } from '../../../../scripts/onnx-proto.mjs';
import { importOnnx, type OnnxProgram } from '../../../../src/frontends/onnx/index.js';
import { text, type HostValue, type TextTensor } from '../../../../src/frontends/onnx/text/tensor.js';
import { interpret } from '../../../../src/interpreter/index.js';
import { errorOf, importVerified } from '../support.js';

interface Model {
  readonly nodes: readonly Proto[];
  readonly texts?: Readonly<Record<string, TextTensor>>;
  readonly input?: readonly Proto[];
  readonly initializer?: readonly Proto[];
  readonly outputs: Readonly<Record<string, Parameters<typeof port>[1]>>;
}

const bytesOf = ({ nodes, texts = {}, input = [], initializer = [], outputs }: Model): Uint8Array =>
  encodeModel(
    {
      node: nodes,
      initializer,
      input: [...Object.entries(texts).map(([name, { shape }]) => port(name, 'string', shape)), ...input],
      output: Object.entries(outputs).map(([name, dtype]) => port(name, dtype)),
    },
    { opset: 20, domains: { 'ai.onnx.ml': 4 } },
  );

interface Result {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

const plain = ({ dtype, shape, data }: HostValue): Result => ({
  dtype,
  shape,
  data: Array.from<unknown>(data),
});

/** All outputs of a model whose inputs are text. */
function run(model: Model): Readonly<Record<string, Result>> {
  const program = importVerified(bytesOf(model));
  return runProgram(program, model.texts ?? {});
}

function runProgram(
  program: OnnxProgram,
  texts: Readonly<Record<string, TextTensor>>,
): Readonly<Record<string, Result>> {
  // prettier-ignore
  const host = program.text!.start(texts);
  const { outputs } = interpret(program, host.given);
  const computed = Object.entries(outputs).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: Array.from(data) }] as const); // prettier-ignore
  const made = Object.entries(host.finish(outputs)).map(([name, value]) => [name, plain(value)] as const);
  return Object.fromEntries([...computed, ...made]);
}

const words = (...data: readonly string[]): TextTensor => text([data.length], data);
const one = (op: string, attributes: Parameters<typeof node>[3] = {}, domain = ''): Proto =>
  node(op, ['x'], ['y'], attributes, domain);
const strings = (...list: readonly string[]): { strings: readonly string[] } => ({ strings: list });
const ML = 'ai.onnx.ml';

describe('operators', () => {
  test('StringConcat broadcasts', () => {
    const texts = { x: text([2, 1], ['a', 'b']), z: words('1', '2', '3') };
    const { y } = run({ nodes: [node('StringConcat', ['x', 'z'], ['y'])], texts, outputs: { y: 'string' } });
    expect(y).toEqual({ dtype: 'string', shape: [2, 3], data: ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'] });
  });

  test.each<
    [
      string,
      Parameters<typeof node>[3],
      readonly string[],
      readonly number[],
      readonly string[],
      readonly bigint[],
    ]
  >([
    ['at runs of white space', {}, [' a  b ', '', 'c'], [3, 2], ['a', 'b', '', '', 'c', ''], [2n, 0n, 1n]],
    [
      'at a delimiter, which gives empty pieces',
      { delimiter: '-' },
      ['-a-', 'b'],
      [2, 3],
      ['', 'a', '', 'b', '', ''],
      [3n, 1n],
    ],
    ['at most so often', { maxsplit: 1 }, [' a b  c ', 'd'], [2, 2], ['a', 'b  c ', 'd', ''], [2n, 1n]],
    ['nothing', {}, [], [0, 0], [], []],
  ])('StringSplit: %s', (_, attributes, given, shape, pieces, counts) => {
    // prettier-ignore
    const nodes = [node('StringSplit', ['x'], ['y', 'n'], attributes)];
    const { y, n } = run({ nodes, texts: { x: words(...given) }, outputs: { y: 'string', n: 'int64' } });
    expect(y).toEqual({ dtype: 'string', shape, data: pieces });
    expect(n).toEqual({ dtype: 'int64', shape: [given.length], data: counts });
  });

  test.each<[string, Parameters<typeof node>[3], readonly string[]]>([
    ['leaves text', {}, ['Mo', 'tu', 'WE']],
    ['changes case', { case_change_action: 'UPPER' }, ['MO', 'TU', 'WE']],
    ['drops words', { stopwords: strings('mo', 'we') }, ['tu']],
    ['drops words in their case', { stopwords: strings('mo', 'WE'), is_case_sensitive: 1 }, ['Mo', 'tu']],
    ['leaves one empty text of none', { stopwords: strings('mo', 'tu', 'we') }, ['']],
  ])('StringNormalizer %s', (_, attributes, expected) => {
    const { y } = run({ nodes: [one('StringNormalizer', attributes)], texts: { x: words('Mo', 'tu', 'WE') }, outputs: { y: 'string' } }); // prettier-ignore
    expect(y).toEqual({ dtype: 'string', shape: [expected.length], data: expected });
  });

  test('Cast reads numbers, and writes them as onnxruntime does', () => {
    const texts = { x: words('1.5', '-INF', 'nan', ' 3e2 ', '.25') };
    const read = [one('Cast', { to: 1 }), node('Cast', ['y'], ['z'], { to: 8 })];
    const { y, z } = run({ nodes: read, texts, outputs: { y: 'float', z: 'string' } });
    expect(y.data).toEqual([1.5, -Infinity, NaN, 300, 0.25]);
    expect(z.data).toEqual(['1.5', '-INF', 'NaN', '300', '0.25']);
    const whole = run({ nodes: [one('Cast', { to: 7 })], texts: { x: words('9223372036854775807', '-2') }, outputs: { y: 'int64' } }); // prettier-ignore
    expect(whole.y.data).toEqual([9223372036854775807n, -2n]);
    errorOf('INPUT_DTYPE', () => run({ nodes: [one('Cast', { to: 7 })], texts: { x: words('one') }, outputs: { y: 'int64' } })); // prettier-ignore
  });

  test.each<[string, 'float' | 'int32' | 'uint8' | 'int64', number]>([
    ['constructor', 'float', 1],
    ['__proto__', 'float', 1],
    ['1e400', 'int32', 6],
    ['2147483648', 'int32', 6],
    ['-1', 'uint8', 2],
    ['256.5', 'uint8', 2],
    ['99999999999999999999', 'int64', 7],
  ])('Cast refuses %s as a number of %s', (word, dtype, to) => {
    const texts = { x: words(word) };
    const program = importOnnx(bytesOf({ nodes: [one('Cast', { to })], texts, outputs: { y: dtype } }));
    errorOf('INPUT_DTYPE', () => program.text!.start(texts));
  });

  test('CastLike takes the type that the model declares of a value of the graph', () => {
    const nodes = [
      node('Neg', ['n'], ['m']),
      node('CastLike', ['x', 'n'], ['c']),
      node('Add', ['c', 'm'], ['y']),
    ];
    const texts = { x: words('1.5', '2') };
    const program = importVerified(bytesOf({ nodes, texts, input: [port('n', 'float', [2])], outputs: { y: 'float' } })); // prettier-ignore
    const n = { dtype: 'f32', shape: [2], data: Float32Array.of(1, 4) } as const;
    const { outputs } = interpret(program, { ...program.text!.start(texts).given, n });
    expect(Array.from(outputs.y.data)).toEqual([0.5, -2]);
    const unknown = [node('Neg', ['n'], ['m']), node('CastLike', ['x', 'm'], ['y'])];
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => importOnnx(bytesOf({ nodes: unknown, texts, input: [port('n', 'float', [2])], outputs: { y: 'float' } }))); // prettier-ignore
  });

  test('elements move as those of numbers do', () => {
    const initializer = [tensor('at', 'int64', [2], [2, 0]), tensor('shape', 'int64', [2], [2, -1])];
    const texts = { x: words('a', 'b', 'c') };
    const nodes = [
      node('Gather', ['x', 'at'], ['g']),
      node('Concat', ['g', 'x', 'x'], ['c'], { axis: 0 }),
      node('Reshape', ['c', 'shape'], ['r']),
      node('Transpose', ['r'], ['y']),
      node('Shape', ['y'], ['extents']),
    ];
    const { y, extents } = run({ nodes, texts, initializer, outputs: { y: 'string', extents: 'int64' } });
    expect(y).toEqual({ dtype: 'string', shape: [4, 2], data: ['c', 'c', 'a', 'a', 'a', 'b', 'b', 'c'] });
    expect(extents.data).toEqual([4n, 2n]);
  });

  test('initializers that a caller replaces, or overrides, are read as given', () => {
    const nodes = [node('Constant', [], ['x'], { value_strings: strings('a', 'b', 'c') }), node('Gather', ['x', 'i'], ['y'])]; // prettier-ignore
    const bytes = bytesOf({ nodes, initializer: [tensor('i', 'int32', [1], [0])], input: [port('i', 'int32', [1])], outputs: { y: 'string' } }); // prettier-ignore
    const i = { dtype: 'i32', shape: [1], data: Int32Array.of(2) } as const;
    const replaced = importOnnx(bytes, { weights: new Map([['i', i]]) });
    expect(runProgram(replaced, {}).y.data).toEqual(['c']);
    const overridden = importOnnx(bytes, { overridable: ['i'] });
    const { outputs } = interpret(overridden, { i });
    expect(overridden.text!.start({}).finish(outputs)).toEqual({ y: words('c') });
    expect(runProgram(importOnnx(bytes), {}).y.data).toEqual(['a']);
    const computed = bytesOf({ nodes: [nodes[0], node('Constant', [], ['i'], { value_ints: [0] }), nodes[1]], outputs: { y: 'string' } }); // prettier-ignore
    const wide = { dtype: 'i32', shape: [1], data: Int32Array.of(2) } as const;
    expect(runProgram(importOnnx(computed, { weights: new Map([['i', wide]]) }), {}).y.data).toEqual(['c']);
    expect(runProgram(importOnnx(computed), {}).y.data).toEqual(['a']);
  });

  test.each<[string, Parameters<typeof node>[3], readonly unknown[]]>([
    ['strings to integers', { keys_strings: strings('a', 'b', 'a'), values_int64s: [1, 2, 3] }, [1n, -1n]],
    ['strings to floats', { keys_strings: strings('a'), values_floats: { floats: [0.5] } }, [0.5, -0]],
    ['strings to strings', { keys_strings: strings('a'), values_strings: strings('b') }, ['b', '_Unused']],
    ['tensors', { keys_tensor: { tensor: tensor('k', 'string', [1], ['a']) }, values_tensor: { tensor: tensor('v', 'int16', [1], [7]) }, default_tensor: { tensor: tensor('d', 'int16', [1], [9]) } }, [7, 9]], // prettier-ignore
  ])('LabelEncoder: %s', (_, attributes, expected) => {
    const dtype = typeof expected[0] === 'string' ? 'string' : typeof expected[0] === 'bigint' ? 'int64' : expected[0] === 7 ? 'int16' : 'float'; // prettier-ignore
    const { y } = run({ nodes: [one('LabelEncoder', attributes, ML)], texts: { x: words('a', 'z') }, outputs: { y: dtype } }); // prettier-ignore
    expect(y.data).toEqual(expected);
  });

  test('CategoryMapper maps both ways', () => {
    const attributes = { cats_strings: strings('a', 'b'), cats_int64s: [4, 5] };
    const nodes = [
      one('CategoryMapper', attributes, ML),
      node('CategoryMapper', ['y'], ['z'], attributes, ML),
    ];
    const { y, z } = run({ nodes, texts: { x: words('b', 'c') }, outputs: { y: 'int64', z: 'string' } });
    expect([y.data, z.data]).toEqual([
      [5n, -1n],
      ['b', '_Unused'],
    ]);
  });

  test('words of pools and categories are numbers in the graph', () => {
    const ngrams = { mode: 'TF', min_gram_length: 1, max_gram_length: 2, max_skip_count: 0, ngram_counts: [0, 2], ngram_indexes: [0, 1, 2], pool_strings: strings('a', 'b', 'a', 'b') }; // prettier-ignore
    const nodes = [one('TfIdfVectorizer', ngrams), node('OneHotEncoder', ['x'], ['hot'], { cats_strings: strings('b', 'c') }, ML)]; // prettier-ignore
    const { y, hot } = run({ nodes, texts: { x: words('a', 'b', 'x', 'a') }, outputs: { y: 'float', hot: 'float' } }); // prettier-ignore
    expect(y).toEqual({ dtype: 'f32', shape: [3], data: [2, 1, 1] });
    expect(hot).toEqual({ dtype: 'f32', shape: [4, 2], data: [0, 0, 1, 0, 0, 0, 0, 0] });
  });
});

test('a classifier names its classes', () => {
  const attributes = {
    coefficients: { floats: [1, 0, 0, 1] },
    classlabels_strings: strings('left', 'right'),
  };
  const nodes = [node('LinearClassifier', ['x'], ['label', 'scores'], attributes, ML)];
  const bytes = bytesOf({ nodes, input: [port('x', 'float', [3, 2])], outputs: { label: 'string', scores: 'float' } }); // prettier-ignore
  const program = importVerified(bytes);
  const x = { dtype: 'f32', shape: [3, 2], data: Float32Array.of(1, 2, 4, 3, 5, 6) } as const;
  const { outputs } = interpret(program, { x });
  expect(program.text!.start({}).finish(outputs)).toEqual({ label: words('right', 'left', 'right') });
  expect(program.text).toMatchObject({
    before: [],
    after: ['node #0 (LinearClassifier): numbers to labels'],
  });
});

test('what is known of text is computed at import, and enters the graph as numbers', () => {
  const nodes = [
    node('Constant', [], ['c'], { value_strings: strings('b', 'a') }),
    node('LabelEncoder', ['c'], ['ids'], { keys_strings: strings('a', 'b'), values_int64s: [10, 20] }, ML),
    node('Cast', ['ids'], ['numbers'], { to: 6 }),
    node('Add', ['numbers', 'x'], ['y']),
  ];
  const program = importVerified(
    bytesOf({ nodes, input: [port('x', 'int32', [2])], outputs: { y: 'int32' } }),
  );
  expect(program.inputs.map(({ name }) => name)).toEqual(['x']);
  expect(program.text).toMatchObject({ inputs: [], before: [], after: [] });
  const x = { dtype: 'i32', shape: [2], data: Int32Array.of(1, 2) } as const;
  expect(Array.from(interpret(program, { x }).outputs.y.data)).toEqual([21, 12]);
});

test('dimensions of text bind those of the graph', () => {
  const nodes = [node('LabelEncoder', ['t'], ['ids'], { keys_strings: strings('a', 'b'), values_floats: { floats: [1, 2] } }, ML), node('Add', ['ids', 'x'], ['y'])]; // prettier-ignore
  const bytes = encodeModel(
    {
      node: nodes,
      input: [port('t', 'string', ['n']), port('x', 'float', ['n'])],
      output: [port('y', 'float')],
    },
    { opset: 20, domains: { 'ai.onnx.ml': 2 } },
  );
  const program = importVerified(bytes);
  for (const size of [1, 3]) {
    const host = program.text!.start({ t: words(...new Array<string>(size).fill('b')) });
    const x = { dtype: 'f32', shape: [size], data: new Float32Array(size).fill(10) } as const;
    expect(Array.from(interpret(program, { ...host.given, x }).outputs.y.data)).toEqual(
      new Array(size).fill(12),
    );
  }
});

test('a dimension that only text has takes a value; a name that nothing has is refused', () => {
  const nodes = [node('LabelEncoder', ['t'], ['ids'], { keys_strings: strings('a', 'b'), values_floats: { floats: [1, 2] } }, ML), node('Add', ['ids', 'x'], ['y'])]; // prettier-ignore
  const bytes = encodeModel(
    {
      node: nodes,
      input: [port('t', 'string', ['words']), port('x', 'float', [1])],
      output: [port('y', 'float')],
    },
    { opset: 20, domains: { 'ai.onnx.ml': 2 } },
  );
  expect(importOnnx(bytes).free?.symbols).toEqual(['words']);
  const program = importOnnx(bytes, { dims: { words: 2 } });
  expect(program.free).toBeUndefined();
  expect(program.outputs[0].type.shape).toEqual([2]);
  expect(errorOf('USAGE', () => importOnnx(bytes, { dims: { word: 2 } })).found).toBe('word');
});

test('encoders and their inverses give back what they had', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { minLength: 1, maxLength: 6 }),
      fc.array(word, { maxLength: 8 }),
      (keys, others) => {
        // prettier-ignore
        const given = [...keys, ...others];
        const values = keys.map((_, i) => i * 7 - 3);
        const back = { keys_int64s: values, values_strings: strings(...keys), default_string: '?' };
        const nodes = [one('LabelEncoder', { keys_strings: strings(...keys), values_int64s: values, default_int64: 1000 }, ML), node('LabelEncoder', ['y'], ['z'], back, ML)]; // prettier-ignore
        const { z } = run({ nodes, texts: { x: words(...given) }, outputs: { z: 'string' } });
        expect(z.data).toEqual(given.map((each) => (keys.includes(each) ? each : '?')));
      },
    ),
    { numRuns: 50 },
  );
});

describe('what cannot be is refused', () => {
  const texts = { x: words('a', 'b') };
  const refuse = (
    code: Parameters<typeof errorOf>[0],
    model: Omit<Model, 'outputs'> & Partial<Model>,
  ): string => errorOf(code, () => importOnnx(bytesOf({ texts, outputs: { y: 'float' }, ...model }))).message;

  test('operators without text', () => {
    expect(refuse('ONNX_UNSUPPORTED_DTYPE', { nodes: [one('Relu')] })).toContain('node #0 (Relu)');
    refuse('ONNX_INVALID', { nodes: [one('StringSplit', { delimiters: '.' })] });
    refuse('ONNX_INVALID', { nodes: [node('StringConcat', ['x'], ['y'])] });
    refuse('ONNX_INVALID', { nodes: [one('StringNormalizer', { case_change_action: 'TITLE' })] });
    refuse('ONNX_INVALID', { nodes: [one('StringNormalizer', { locale: 'no locale' })] });
    refuse('ONNX_INVALID', { nodes: [one('LabelEncoder', { keys_strings: strings('a'), values_int64s: [1, 2] }, ML)] }); // prettier-ignore
    refuse('ONNX_INVALID', { nodes: [one('StringNormalizer')] });
    refuse('ONNX_INVALID', { nodes: [node('TfIdfVectorizer', [], ['y'], { pool_strings: strings('a') })] });
  });

  test('text in the midst of numbers', () => {
    const nodes = [
      node('Relu', ['n'], ['r']),
      node('Cast', ['r'], ['t'], { to: 8 }),
      node('Cast', ['t'], ['c'], { to: 1 }),
      node('Neg', ['c'], ['y']),
    ];
    refuse('ONNX_UNSUPPORTED_FEATURE', { nodes, input: [port('n', 'float', [2])] });
  });

  test('text inside of branches', () => {
    const branch = { graph: { name: 'b', node: [node('Cast', ['x'], ['c'], { to: 1 })], output: [port('c', 'float')] } }; // prettier-ignore
    const nodes = [node('If', ['k'], ['y'], { then_branch: branch, else_branch: branch })];
    refuse('ONNX_UNSUPPORTED_FEATURE', { nodes, initializer: [tensor('k', 'bool', [], [1])] });
  });

  test('more than an import may compute', () => {
    const a = node('Constant', [], ['a'], { value_strings: strings('a') });
    const initializer = [tensor('big', 'int64', [1], [2 ** 23])];
    refuse('LIMIT_EXCEEDED', { nodes: [a, node('Expand', ['a', 'big'], ['y'])], initializer, texts: {} });
    const doubled = Array.from({ length: 28 }, (_, i) => node('StringConcat', [i === 0 ? 'a' : `a${i}`, i === 0 ? 'a' : `a${i}`], [`a${i + 1}`])); // prettier-ignore
    refuse('LIMIT_EXCEEDED', { nodes: [a, ...doubled], texts: {} });
    const wide = node('Constant', [], ['w'], { value_strings: strings('-'.repeat(3000), ...new Array<string>(3000).fill('')) }); // prettier-ignore
    refuse('LIMIT_EXCEEDED', {
      nodes: [wide, node('StringSplit', ['w'], ['p', 'n'], { delimiter: '-' })],
      texts: {},
    });
  });

  test('texts that are no inputs, or do not fit', () => {
    const program = importOnnx(bytesOf({ nodes: [one('Cast', { to: 1 })], texts, outputs: { y: 'float' } }));
    errorOf('INPUT_MISSING', () => program.text!.start({}));
    errorOf('INPUT_UNKNOWN', () => program.text!.start({ ...texts, z: words() }));
    errorOf('INPUT_SHAPE', () => program.text!.start({ x: words('a') }));
    errorOf('INPUT_SHAPE', () => program.text!.start({ x: text([2], ['a']) }));
  });

  test.each<[Parameters<typeof errorOf>[0], unknown]>([
    ['USAGE', null],
    ['USAGE', 'x'],
    ['INPUT_DTYPE', { x: ['a', 'b'] }],
    ['INPUT_DTYPE', { x: null }],
    ['INPUT_DTYPE', { x: { dtype: 'string', shape: [2], data: [1, 2] } }],
    ['INPUT_DTYPE', { x: { dtype: 'f32', shape: [2], data: ['a', 'b'] } }],
    ['INPUT_DTYPE', { x: { dtype: 'string', shape: [-1, -2], data: ['a', 'b'] } }],
  ])('%s: texts that are %j', (code, given) => {
    const program = importOnnx(bytesOf({ nodes: [one('Cast', { to: 1 })], texts, outputs: { y: 'float' } }));
    errorOf(code, () => program.text!.start(given as Readonly<Record<string, TextTensor>>));
  });

  test.each<[Parameters<typeof errorOf>[0], unknown]>([
    ['USAGE', undefined],
    ['USAGE', null],
    ['INPUT_MISSING', {}],
    ['INPUT_DTYPE', { r: [1, 2] }],
    ['INPUT_DTYPE', { r: { dtype: 'i32', shape: [2], data: Int32Array.of(1, 2) } }],
    ['INPUT_SHAPE', { r: { dtype: 'f32', shape: [3], data: Float32Array.of(1, 2) } }],
  ])('%s: outputs of the graph that are %j', (code, given) => {
    const nodes = [node('Relu', ['n'], ['r']), node('Cast', ['r'], ['y'], { to: 8 })];
    const model = bytesOf({ nodes, input: [port('n', 'float', [2])], outputs: { r: 'float', y: 'string' } });
    const { finish } = importOnnx(model).text!.start({});
    errorOf(code, () => finish(given as Parameters<typeof finish>[0]));
  });
});
