/** Signatures of the operators of ops/normalization.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const normalization = {
  BatchNormalization: [
    v(
      1,
      'T T T T T -> T T? T? T? T?',
      { T: 'floats' },
      { consumed_inputs: 'ints!', epsilon: 'float', is_test: 'int', momentum: 'float', spatial: 'int' },
    ),
    v(
      6,
      'T T T T T -> T T? T? T? T?',
      { T: 'floats' },
      { epsilon: 'float', is_test: 'int', momentum: 'float', spatial: 'int' },
    ),
    v(
      7,
      'T T T T T -> T T? T? T? T?',
      { T: 'floats' },
      { epsilon: 'float', momentum: 'float', spatial: 'int' },
    ),
    v(9, 'T T T T T -> T T? T? T? T?', { T: 'floats' }, { epsilon: 'float', momentum: 'float' }),
    v(
      14,
      'T T T U U -> T U? U?',
      { T: 'floats', U: 'floats' },
      { epsilon: 'float', momentum: 'float', training_mode: 'int' },
    ),
    v(
      15,
      'T T1 T1 T2 T2 -> T T2? T2?',
      { T: 'floats', T1: 'floats', T2: 'floats' },
      { epsilon: 'float', momentum: 'float', training_mode: 'int' },
    ),
  ],
  InstanceNormalization: [
    v(1, 'T T T -> T', { T: 'floats' }, { consumed_inputs: 'ints', epsilon: 'float' }),
    v(6, 'T T T -> T', { T: 'floats' }, { epsilon: 'float' }),
  ],
  GroupNormalization: [
    v(18, 'T T T -> T', { T: 'floats' }, { epsilon: 'float', num_groups: 'int!' }),
    v(21, 'T T T -> T', { T: 'floats' }, { epsilon: 'float', num_groups: 'int!', stash_type: 'int' }),
  ],
  SimplifiedLayerNormalization: [
    v(
      1,
      'T V -> V float?',
      { T: 'floats', V: 'floats' },
      { axis: 'int', epsilon: 'float', stash_type: 'int' },
    ),
  ],
  LayerNormalization: [
    v(1, 'T T T? -> T float? float?', { T: 'floats' }, { axis: 'int', epsilon: 'float', stash_type: 'int' }),
    v(17, 'T T T? -> T float? float?', { T: 'floats' }, { axis: 'int', epsilon: 'float', stash_type: 'int' }),
  ],
  RMSNormalization: [
    v(23, 'T V -> V', { T: 'floats', V: 'floats' }, { axis: 'int', epsilon: 'float', stash_type: 'int' }),
  ],
  MeanVarianceNormalization: [v(9, 'T -> T', { T: 'floats' }, { axes: 'ints' })],
  LpNormalization: [v(1, 'T -> T', { T: 'floats' }, { axis: 'int', p: 'int' })],
  LRN: [v(1, 'T -> T', { T: 'floats' }, { alpha: 'float', beta: 'float', bias: 'float', size: 'int!' })],
  Dropout: [
    v(1, 'T -> T T?', { T: 'floats' }, { consumed_inputs: 'ints', is_test: 'int', ratio: 'float' }),
    v(6, 'T -> T T?', { T: 'floats' }, { is_test: 'int', ratio: 'float' }),
    v(7, 'T -> T T?', { T: 'floats' }, { ratio: 'float' }),
    v(10, 'T -> T bool?', { T: 'floats' }, { ratio: 'float' }),
    v(12, 'T T1? bool? -> T bool?', { T: 'floats', T1: 'ieee' }, { seed: 'int' }),
    v(22, 'T T1? bool? -> T bool?', { T: ['floats', 'float8'], T1: ['floats', 'float8'] }, { seed: 'int' }),
  ],
} satisfies SignatureTable;
