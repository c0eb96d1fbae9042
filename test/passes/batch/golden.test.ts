/** What batching makes of the ops that are more than one more axis, as text. */
import { expect, test } from 'vitest';
import { parseGraph } from '../../../src/ir/parse.js';
import { printGraph } from '../../../src/ir/print.js';
import { batchGraph } from '../../../src/passes/batch/batch.js';
import { paramsNamed } from './support.js';

/** Batches `from` by 7 over the params that are named, and expects `to`. */
function expectBatched(from: string, names: readonly string[], to: string): void {
  const graph = parseGraph(from);
  const batched = batchGraph(graph, paramsNamed(graph, new Set(names)), 7);
  expect(printGraph(batched)).toBe(printGraph(parseGraph(to)));
}

const DOT = `graph dot {
  %0 = param {name="x"} : f32[5,2,3]
  %1 = param {name="y"} : f32[5,3,4]
  %2 = dot %0 %1 {lhsBatch=[0] rhsBatch=[0] lhsContract=[2] rhsContract=[1]} : f32[5,2,4]
  return z=%2
}`;

test('dot of two batches: one more batch axis', () => {
  expectBatched(
    DOT,
    ['x', 'y'],
    `graph dot {
      %0 = param {name="x"} : f32[7,5,2,3]
      %1 = param {name="y"} : f32[7,5,3,4]
      %2 = dot %0 %1 {lhsBatch=[0,1] rhsBatch=[0,1] lhsContract=[3] rhsContract=[2]} : f32[7,5,2,4]
      return z=%2
    }`,
  );
});

test('dot of a batch on the left: one more free axis, which is brought to the front', () => {
  expectBatched(
    DOT,
    ['x'],
    `graph dot {
      %0 = param {name="x"} : f32[7,5,2,3]
      %1 = param {name="y"} : f32[5,3,4]
      %2 = dot %0 %1 {lhsBatch=[1] rhsBatch=[0] lhsContract=[3] rhsContract=[1]} : f32[5,7,2,4]
      %3 = permute %2 {permutation=[1,0,2,3]} : f32[7,5,2,4]
      return z=%3
    }`,
  );
});

test('dot of a batch on the right', () => {
  expectBatched(
    DOT,
    ['y'],
    `graph dot {
      %0 = param {name="x"} : f32[5,2,3]
      %1 = param {name="y"} : f32[7,5,3,4]
      %2 = dot %0 %1 {lhsBatch=[0] rhsBatch=[1] lhsContract=[2] rhsContract=[2]} : f32[5,2,7,4]
      %3 = permute %2 {permutation=[2,0,1,3]} : f32[7,5,2,4]
      return z=%3
    }`,
  );
});

test('a batch of vectors times one matrix is one matrix product', () => {
  expectBatched(
    `graph linear {
      %0 = param {name="x"} : f32[3]
      %1 = weight {id="w"} : f32[3,4]
      %2 = dot %0 %1 {lhsContract=[0] rhsContract=[0]} : f32[4]
      return y=%2
    }`,
    ['x'],
    `graph linear {
      %0 = param {name="x"} : f32[7,3]
      %1 = weight {id="w"} : f32[3,4]
      %2 = dot %0 %1 {lhsContract=[1] rhsContract=[0]} : f32[7,4]
      return y=%2
    }`,
  );
});

const CONV = `graph conv {
  %0 = param {name="x"} : f32[2,4,9]
  %1 = param {name="w"} : f32[6,4,3]
  %2 = conv %0 %1 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[1] rhsDilation=[1] groups=1} : f32[2,6,9]
  return y=%2
}`;

test('conv of a batch of images: more images', () => {
  expectBatched(
    CONV,
    ['x'],
    `graph conv {
      %0 = param {name="x"} : f32[7,2,4,9]
      %1 = param {name="w"} : f32[6,4,3]
      %2 = reshape %0 : f32[14,4,9]
      %3 = conv %2 %1 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[1] rhsDilation=[1] groups=1} : f32[14,6,9]
      %4 = reshape %3 : f32[7,2,6,9]
      return y=%4
    }`,
  );
});

test('conv with a batch of kernels: more output channels', () => {
  expectBatched(
    CONV,
    ['w'],
    `graph conv {
      %0 = param {name="x"} : f32[2,4,9]
      %1 = param {name="w"} : f32[7,6,4,3]
      %2 = reshape %1 : f32[42,4,3]
      %3 = conv %0 %2 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[1] rhsDilation=[1] groups=1} : f32[2,42,9]
      %4 = reshape %3 : f32[2,7,6,9]
      %5 = permute %4 {permutation=[1,0,2,3]} : f32[7,2,6,9]
      return y=%5
    }`,
  );
});

test('conv of both: a group for each element of the batch', () => {
  expectBatched(
    CONV,
    ['x', 'w'],
    `graph conv {
      %0 = param {name="x"} : f32[7,2,4,9]
      %1 = param {name="w"} : f32[7,6,4,3]
      %2 = permute %0 {permutation=[1,0,2,3]} : f32[2,7,4,9]
      %3 = reshape %2 : f32[2,28,9]
      %4 = reshape %1 : f32[42,4,3]
      %5 = conv %3 %4 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[1] rhsDilation=[1] groups=7} : f32[2,42,9]
      %6 = reshape %5 : f32[2,7,6,9]
      %7 = permute %6 {permutation=[1,0,2,3]} : f32[7,2,6,9]
      return y=%7
    }`,
  );
});

test('conv in groups with a batch of kernels: more output channels in each group', () => {
  expectBatched(
    `graph conv {
      %0 = param {name="x"} : f32[2,4,9]
      %1 = param {name="w"} : f32[6,2,3]
      %2 = conv %0 %1 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[1] rhsDilation=[1] groups=2} : f32[2,6,9]
      return y=%2
    }`,
    ['w'],
    `graph conv {
      %0 = param {name="x"} : f32[2,4,9]
      %1 = param {name="w"} : f32[7,6,2,3]
      %2 = reshape %1 : f32[7,2,3,2,3]
      %3 = permute %2 {permutation=[1,0,2,3,4]} : f32[2,7,3,2,3]
      %4 = reshape %3 : f32[42,2,3]
      %5 = conv %0 %4 {strides=[1] padLow=[1] padHigh=[1] lhsDilation=[1] rhsDilation=[1] groups=2} : f32[2,42,9]
      %6 = reshape %5 : f32[2,2,7,3,9]
      %7 = permute %6 {permutation=[2,0,1,3,4]} : f32[7,2,2,3,9]
      %8 = reshape %7 : f32[7,2,6,9]
      return y=%8
    }`,
  );
});

const GATHER = `graph gather {
  %0 = param {name="table"} : f32[3,5,2]
  %1 = param {name="at"} : i32[4]
  %2 = gather %0 %1 {axis=1} : f32[3,4,2]
  return y=%2
}`;

test('gather from a batch: the next axis', () => {
  expectBatched(
    GATHER,
    ['table'],
    `graph gather {
      %0 = param {name="table"} : f32[7,3,5,2]
      %1 = param {name="at"} : i32[4]
      %2 = gather %0 %1 {axis=2} : f32[7,3,4,2]
      return y=%2
    }`,
  );
});

test('gather at a batch of indices: more indices', () => {
  expectBatched(
    GATHER,
    ['at'],
    `graph gather {
      %0 = param {name="table"} : f32[3,5,2]
      %1 = param {name="at"} : i32[7,4]
      %2 = gather %0 %1 {axis=1} : f32[3,7,4,2]
      %3 = permute %2 {permutation=[1,0,2,3]} : f32[7,3,4,2]
      return y=%3
    }`,
  );
});

test('gather of both: indices are clamped, and moved to their part of the flattened axis', () => {
  expectBatched(
    GATHER,
    ['table', 'at'],
    `graph gather {
      %0 = param {name="table"} : f32[7,3,5,2]
      %1 = param {name="at"} : i32[7,4]
      %2 = permute %0 {permutation=[0,2,1,3]} : f32[7,5,3,2]
      %3 = constant {values=[0]} : i32[7,4]
      %4 = max %1 %3 : i32[7,4]
      %5 = constant {values=[4]} : i32[7,4]
      %6 = min %4 %5 : i32[7,4]
      %7 = reshape %2 : f32[35,3,2]
      %8 = iota {axis=0} : i32[7,4]
      %9 = constant {values=[5]} : i32[7,4]
      %10 = mul %8 %9 : i32[7,4]
      %11 = add %10 %6 : i32[7,4]
      %12 = gather %7 %11 {axis=0} : f32[7,4,3,2]
      %13 = permute %12 {permutation=[0,2,1,3]} : f32[7,3,4,2]
      return y=%13
    }`,
  );
});

test('scatter at the same indices: one more axis of what is updated', () => {
  expectBatched(
    `graph scatter {
      %0 = param {name="x"} : f32[5,2]
      %1 = param {name="at"} : i32[4]
      %2 = param {name="updates"} : f32[4,2]
      %3 = scatter %0 %1 %2 {kind="add"} : f32[5,2]
      return y=%3
    }`,
    ['x', 'updates'],
    `graph scatter {
      %0 = param {name="x"} : f32[7,5,2]
      %1 = param {name="at"} : i32[4]
      %2 = param {name="updates"} : f32[7,4,2]
      %3 = permute %0 {permutation=[1,0,2]} : f32[5,7,2]
      %4 = permute %2 {permutation=[1,0,2]} : f32[4,7,2]
      %5 = scatter %3 %1 %4 {kind="add"} : f32[5,7,2]
      %6 = permute %5 {permutation=[1,0,2]} : f32[7,5,2]
      return y=%6
    }`,
  );
});

test('scatter at a batch of indices: those out of range are dropped before they are moved', () => {
  expectBatched(
    `graph scatter {
      %0 = param {name="x"} : f32[5]
      %1 = param {name="at"} : i32[4]
      %2 = param {name="updates"} : f32[4]
      %3 = scatter %0 %1 %2 {kind="set"} : f32[5]
      return y=%3
    }`,
    ['x', 'at', 'updates'],
    `graph scatter {
      %0 = param {name="x"} : f32[7,5]
      %1 = param {name="at"} : i32[7,4]
      %2 = param {name="updates"} : f32[7,4]
      %3 = constant {values=[0]} : i32[7,4]
      %4 = le %3 %1 : bool[7,4]
      %5 = constant {values=[5]} : i32[7,4]
      %6 = lt %1 %5 : bool[7,4]
      %7 = and %4 %6 : bool[7,4]
      %8 = iota {axis=0} : i32[7,4]
      %9 = mul %8 %5 : i32[7,4]
      %10 = add %9 %1 : i32[7,4]
      %11 = constant {values=[-1]} : i32[7,4]
      %12 = select %7 %10 %11 : i32[7,4]
      %13 = reshape %0 : f32[35]
      %14 = reshape %12 : i32[28]
      %15 = reshape %2 : f32[28]
      %16 = scatter %13 %14 %15 {kind="set"} : f32[35]
      %17 = reshape %16 : f32[7,5]
      return y=%17
    }`,
  );
});

test('reduce keeps the new axis; what no batched param reaches is computed once and repeated where it is needed', () => {
  expectBatched(
    `graph mean {
      %0 = param {name="x"} : f32[4,6]
      %1 = param {name="n"} : f32[4]
      %2 = reduce %0 {kind="sum" axes=[1]} : f32[4]
      %3 = abs %1 : f32[4]
      %4 = div %2 %3 : f32[4]
      return mean=%4 n=%3
    }`,
    ['x'],
    `graph mean {
      %0 = param {name="x"} : f32[7,4,6]
      %1 = param {name="n"} : f32[4]
      %2 = reduce %0 {kind="sum" axes=[2]} : f32[7,4]
      %3 = abs %1 : f32[4]
      %4 = reshape %3 : f32[1,4]
      %5 = broadcast %4 : f32[7,4]
      %6 = div %2 %5 : f32[7,4]
      return mean=%6 n=%5
    }`,
  );
});
