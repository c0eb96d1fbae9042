/** Signatures of the operators of ops/ml and ops/ngrams.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

const NUMBERS = ['float', 'double', 'int64', 'int32'] as const;
const SCORED = { post_transform: 'string' } as const;

/** What TreeEnsembleRegressor and -Classifier say of their nodes, since version 3 also as tensors. */
const nodes = <const S extends 'target' | 'class'>(side: S) =>
  ({
    base_values: 'floats',
    nodes_falsenodeids: 'ints',
    nodes_featureids: 'ints',
    nodes_hitrates: 'floats',
    nodes_missing_value_tracks_true: 'ints',
    nodes_modes: 'strings',
    nodes_nodeids: 'ints',
    nodes_treeids: 'ints',
    nodes_truenodeids: 'ints',
    nodes_values: 'floats',
    post_transform: 'string',
    [`${side}_ids`]: 'ints',
    [`${side}_nodeids`]: 'ints',
    [`${side}_treeids`]: 'ints',
    [`${side}_weights`]: 'floats',
  }) as const;

const asTensors = <const S extends 'target' | 'class'>(side: S) =>
  ({
    base_values_as_tensor: 'tensor',
    nodes_hitrates_as_tensor: 'tensor',
    nodes_values_as_tensor: 'tensor',
    [`${side}_weights_as_tensor`]: 'tensor',
  }) as const;

const REGRESSOR = { aggregate_function: 'string', n_targets: 'int', ...nodes('target') } as const;
const CLASSIFIER = {
  classlabels_int64s: 'ints',
  classlabels_strings: 'strings',
  ...nodes('class'),
} as const;

/** What LabelEncoder may have from version 2 on. */
export const ENCODER = {
  default_float: 'float',
  default_int64: 'int',
  default_string: 'string',
  keys_floats: 'floats',
  keys_int64s: 'ints',
  keys_strings: 'strings',
  values_floats: 'floats',
  values_int64s: 'ints',
  values_strings: 'strings',
} as const;

export const ngrams = {
  TfIdfVectorizer: [
    v(
      9,
      'T -> float',
      { T: 'indices' },
      {
        max_gram_length: 'int!',
        max_skip_count: 'int!',
        min_gram_length: 'int!',
        mode: 'string!',
        ngram_counts: 'ints!',
        ngram_indexes: 'ints!',
        pool_int64s: 'ints',
        pool_strings: 'strings',
        weights: 'floats',
      },
    ),
  ],
} satisfies SignatureTable;

export const ml = {
  'ai.onnx.ml:ArrayFeatureExtractor': [v(1, 'T int64 -> T', { T: NUMBERS })],
  'ai.onnx.ml:Binarizer': [v(1, 'T -> T', { T: NUMBERS }, { threshold: 'float' })],
  'ai.onnx.ml:FeatureVectorizer': [v(1, 'T* -> float', { T: NUMBERS }, { inputdimensions: 'ints' })],
  'ai.onnx.ml:Imputer': [
    v(
      1,
      'T -> T',
      { T: NUMBERS },
      {
        imputed_value_floats: 'floats',
        imputed_value_int64s: 'ints',
        replaced_value_float: 'float',
        replaced_value_int64: 'int',
      },
    ),
  ],
  'ai.onnx.ml:LabelEncoder': [
    v(
      1,
      'T1 -> T2',
      { T1: 'int64', T2: 'int64' },
      { classes_strings: 'strings', default_int64: 'int', default_string: 'string' },
    ),
    v(2, 'T1 -> T2', { T1: ['int64', 'float'], T2: ['int64', 'float'] }, ENCODER),
    v(
      4,
      'T1 -> T2',
      {
        T1: ['int64', 'float', 'int32', 'int16', 'double'],
        T2: ['int64', 'float', 'int32', 'int16', 'double'],
      },
      { ...ENCODER, default_tensor: 'tensor', keys_tensor: 'tensor', values_tensor: 'tensor' },
    ),
  ],
  'ai.onnx.ml:LinearClassifier': [
    v(
      1,
      'T -> int64 float',
      { T: NUMBERS },
      {
        classlabels_ints: 'ints',
        classlabels_strings: 'strings',
        coefficients: 'floats!',
        intercepts: 'floats',
        multi_class: 'int',
        ...SCORED,
      },
    ),
  ],
  'ai.onnx.ml:LinearRegressor': [
    v(
      1,
      'T -> float',
      { T: NUMBERS },
      { coefficients: 'floats', intercepts: 'floats', targets: 'int', ...SCORED },
    ),
  ],
  'ai.onnx.ml:Normalizer': [v(1, 'T -> float', { T: NUMBERS }, { norm: 'string' })],
  'ai.onnx.ml:OneHotEncoder': [
    v(1, 'T -> float', { T: NUMBERS }, { cats_int64s: 'ints', cats_strings: 'strings', zeros: 'int' }),
  ],
  'ai.onnx.ml:SVMClassifier': [
    v(
      1,
      'T -> int64 float',
      { T: NUMBERS },
      {
        classlabels_ints: 'ints',
        classlabels_strings: 'strings',
        coefficients: 'floats',
        kernel_params: 'floats',
        kernel_type: 'string',
        prob_a: 'floats',
        prob_b: 'floats',
        rho: 'floats',
        support_vectors: 'floats',
        vectors_per_class: 'ints',
        ...SCORED,
      },
    ),
  ],
  'ai.onnx.ml:SVMRegressor': [
    v(
      1,
      'T -> float',
      { T: NUMBERS },
      {
        coefficients: 'floats',
        kernel_params: 'floats',
        kernel_type: 'string',
        n_supports: 'int',
        one_class: 'int',
        rho: 'floats',
        support_vectors: 'floats',
        ...SCORED,
      },
    ),
  ],
  'ai.onnx.ml:Scaler': [v(1, 'T -> float', { T: NUMBERS }, { offset: 'floats', scale: 'floats' })],
  'ai.onnx.ml:ZipMap': [
    v(1, 'float -> float', {}, { classlabels_int64s: 'ints', classlabels_strings: 'strings' }),
  ],
  'ai.onnx.ml:TreeEnsemble': [
    v(
      5,
      'T -> T',
      { T: ['float', 'double', 'float16'] },
      {
        aggregate_function: 'int',
        leaf_targetids: 'ints!',
        leaf_weights: 'tensor!',
        membership_values: 'tensor',
        n_targets: 'int',
        nodes_falseleafs: 'ints!',
        nodes_falsenodeids: 'ints!',
        nodes_featureids: 'ints!',
        nodes_hitrates: 'tensor',
        nodes_missing_value_tracks_true: 'ints',
        nodes_modes: 'tensor!',
        nodes_splits: 'tensor!',
        nodes_trueleafs: 'ints!',
        nodes_truenodeids: 'ints!',
        post_transform: 'int',
        tree_roots: 'ints!',
      },
    ),
  ],
  'ai.onnx.ml:TreeEnsembleClassifier': [
    v(1, 'T -> int64 float', { T: NUMBERS }, CLASSIFIER),
    v(3, 'T -> int64 float', { T: NUMBERS }, { ...CLASSIFIER, ...asTensors('class') }),
  ],
  'ai.onnx.ml:TreeEnsembleRegressor': [
    v(1, 'T -> float', { T: NUMBERS }, REGRESSOR),
    v(3, 'T -> float', { T: NUMBERS }, { ...REGRESSOR, ...asTensors('target') }),
  ],
} satisfies SignatureTable;
