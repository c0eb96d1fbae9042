/** Signatures of the operators of ops/sequences.ts, from the specification. The type of a sequence is that of its elements. */
import { v, type SignatureTable } from './signature.js';

const ALL = { T: 'all', I: 'indices' } as const;
const ANY = { T: 'any' } as const;

export const sequences = {
  SequenceConstruct: [v(11, 'T* -> T', ALL)],
  SequenceEmpty: [v(11, ' -> T', ALL, { dtype: 'int' })],
  SequenceAt: [v(11, 'T I -> T', ALL)],
  SequenceInsert: [v(11, 'T T I? -> T', ALL)],
  SequenceErase: [v(11, 'T I? -> T', ALL)],
  SequenceLength: [v(11, 'T -> int64', ALL)],
  SplitToSequence: [v(11, 'T I? -> T', ALL, { axis: 'int', keepdims: 'int' })],
  ConcatFromSequence: [v(11, 'T -> T', ALL, { axis: 'int!', new_axis: 'int' })],
  SequenceMap: [v(17, 'T V** -> T**', { T: 'all', V: 'all' }, { body: 'graph!' })],
  Optional: [v(15, 'T? -> T', ALL, { type: 'type' }), v(28, 'T? -> T', ANY, { type: 'type' })],
  OptionalGetElement: [v(15, 'T -> T', ALL), v(28, 'T -> T', ANY)],
  OptionalHasElement: [v(15, 'T -> bool', ALL), v(18, 'T? -> bool', ALL), v(28, 'T? -> bool', ANY)],
} satisfies SignatureTable;
