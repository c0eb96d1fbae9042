// Small models as @huggingface/transformers loads them from a folder: a text classifier, an image classifier and a decoder with
// a cache. Weights are drawn from a fixed seed; the files are what its users have, only smaller.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel, node, port, tensor } from '../../../scripts/onnx-proto.mjs';

const WORDS = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  ...'the cat sat on a mat and saw dogs run far away'.split(' '),
];
const VOCABULARY = Object.fromEntries(WORDS.map((word, id) => [word, id]));

function weights(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  };
  return (name, ...shape) =>
    tensor(name, 'float', shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next));
}

const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: { type: 'WordLevel', vocab: VOCABULARY, unk_token: '[UNK]' },
};

const TOKENIZER_CONFIG = {
  tokenizer_class: 'PreTrainedTokenizer',
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  model_max_length: 64,
};

function write(folder, files, model) {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(value));
  writeFileSync(join(folder, 'onnx/model.onnx'), model);
}

/** An embedding, a masked mean, a matrix. */
function writeClassifier(folder) {
  const weight = weights(1);
  const graph = {
    name: 'classifier',
    input: [
      port('input_ids', 'int64', ['batch_size', 'sequence_length']),
      port('attention_mask', 'int64', ['batch_size', 'sequence_length']),
    ],
    initializer: [weight('embedding', WORDS.length, 8), weight('weight', 8, 2), weight('bias', 2), tensor('axes', 'int64', [1], [2]), tensor('one', 'int64', [1], [1])], // prettier-ignore
    node: [
      node('Gather', ['embedding', 'input_ids'], ['words']),
      node('Cast', ['attention_mask'], ['mask'], { to: 1 }),
      node('Unsqueeze', ['mask', 'axes'], ['column']),
      node('Mul', ['words', 'column'], ['masked']),
      node('ReduceSum', ['masked', 'one'], ['sum'], { keepdims: 0 }),
      node('ReduceSum', ['mask', 'one'], ['count']),
      node('Div', ['sum', 'count'], ['mean']),
      node('Gemm', ['mean', 'weight', 'bias'], ['logits']),
    ],
    output: [port('logits', 'float', ['batch_size', 2])],
  };
  const config = { model_type: 'bert', architectures: ['BertForSequenceClassification'], id2label: { 0: 'calm', 1: 'lively' }, label2id: { calm: 0, lively: 1 } }; // prettier-ignore
  write(
    folder,
    { 'config.json': config, 'tokenizer.json': TOKENIZER, 'tokenizer_config.json': TOKENIZER_CONFIG },
    encodeModel(graph, { opset: 17 }),
  );
}

/** A convolution, its mean, a matrix. */
function writeVision(folder) {
  const weight = weights(2);
  const graph = {
    name: 'vision',
    input: [port('pixel_values', 'float', ['batch_size', 3, 'height', 'width'])],
    initializer: [weight('kernel', 4, 3, 3, 3), weight('weight', 4, 3), weight('bias', 3)],
    node: [
      node('Conv', ['pixel_values', 'kernel'], ['features'], { pads: [1, 1, 1, 1] }),
      node('Relu', ['features'], ['active']),
      node('GlobalAveragePool', ['active'], ['mean']),
      node('Flatten', ['mean'], ['flat']),
      node('Gemm', ['flat', 'weight', 'bias'], ['logits']),
    ],
    output: [port('logits', 'float', ['batch_size', 3])],
  };
  const id2label = { 0: 'red', 1: 'green', 2: 'blue' };
  write(
    folder,
    {
      'config.json': { model_type: 'vit', architectures: ['ViTForImageClassification'], id2label },
      'preprocessor_config.json': {
        image_processor_type: 'ViTImageProcessor',
        do_resize: true,
        size: { height: 8, width: 8 },
        do_rescale: true,
        do_normalize: true,
        image_mean: [0.5, 0.5, 0.5],
        image_std: [0.5, 0.5, 0.5],
      },
    },
    encodeModel(graph, { opset: 17 }),
  );
}

const HEADS = 2;
const WIDTH = 4;

/** One layer of attention over a cache, as exporters write decoders. */
function writeDecoder(folder) {
  const weight = weights(3);
  const cache = (name, length) => port(name, 'float', ['batch_size', HEADS, length, WIDTH]);
  const heads = (name) => [
    node('MatMul', ['words', `${name}_weight`], [`${name}_flat`]),
    node('Reshape', [`${name}_flat`, 'split'], [`${name}_split`]),
    node('Transpose', [`${name}_split`], [`${name}_heads`], { perm: [0, 2, 1, 3] }),
  ];
  const size = HEADS * WIDTH;
  const graph = {
    name: 'decoder',
    input: [
      port('input_ids', 'int64', ['batch_size', 'sequence_length']),
      port('attention_mask', 'int64', ['batch_size', 'total_sequence_length']),
      cache('past_key_values.0.key', 'past_sequence_length'),
      cache('past_key_values.0.value', 'past_sequence_length'),
    ],
    initializer: [
      weight('embedding', WORDS.length, size),
      ...['query', 'key', 'value'].map((name) => weight(`${name}_weight`, size, size)),
      weight('head', size, WORDS.length),
      tensor('split', 'int64', [4], [0, 0, HEADS, WIDTH]),
      tensor('join', 'int64', [3], [0, 0, size]),
      tensor('axes', 'int64', [2], [1, 2]),
      tensor('one', 'float', [], [1]),
      tensor('huge', 'float', [], [1e9]),
    ],
    node: [
      node('Gather', ['embedding', 'input_ids'], ['words']),
      ...['query', 'key', 'value'].flatMap(heads),
      node('Concat', ['past_key_values.0.key', 'key_heads'], ['present.0.key'], { axis: 2 }),
      node('Concat', ['past_key_values.0.value', 'value_heads'], ['present.0.value'], { axis: 2 }),
      node('Transpose', ['present.0.key'], ['key_columns'], { perm: [0, 1, 3, 2] }),
      node('MatMul', ['query_heads', 'key_columns'], ['scores']),
      node('Cast', ['attention_mask'], ['mask'], { to: 1 }),
      node('Sub', ['mask', 'one'], ['hidden']),
      node('Mul', ['hidden', 'huge'], ['penalty']),
      node('Unsqueeze', ['penalty', 'axes'], ['penalties']),
      node('Add', ['scores', 'penalties'], ['masked']),
      node('Softmax', ['masked'], ['shares'], { axis: -1 }),
      node('MatMul', ['shares', 'present.0.value'], ['mixed']),
      node('Transpose', ['mixed'], ['mixed_heads'], { perm: [0, 2, 1, 3] }),
      node('Reshape', ['mixed_heads', 'join'], ['joined']),
      node('Add', ['joined', 'words'], ['residual']),
      node('MatMul', ['residual', 'head'], ['logits']),
    ],
    output: [
      port('logits', 'float', ['batch_size', 'sequence_length', WORDS.length]),
      cache('present.0.key', 'total_sequence_length'),
      cache('present.0.value', 'total_sequence_length'),
    ],
  };
  const config = {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    n_layer: 1,
    n_head: HEADS,
    n_embd: size,
    vocab_size: WORDS.length,
    bos_token_id: 2,
    eos_token_id: 3,
  };
  write(
    folder,
    {
      'config.json': config,
      'generation_config.json': { bos_token_id: 2, eos_token_id: 3 },
      'tokenizer.json': TOKENIZER,
      'tokenizer_config.json': TOKENIZER_CONFIG,
    },
    encodeModel(graph, { opset: 17 }),
  );
}

/** Writes the models into folders of `folder`. */
export function writeModels(folder) {
  writeClassifier(join(folder, 'classifier'));
  writeVision(join(folder, 'vision'));
  writeDecoder(join(folder, 'decoder'));
}
