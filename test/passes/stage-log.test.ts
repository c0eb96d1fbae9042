/** What the stages say of what they did by hand: copies of outputs and for loops, and nodes that leave loops. */
import { expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { parseGraph } from '../../src/ir/parse.js';

const didOf = (text: string, residents = false): Readonly<Record<string, string>> => {
  const { log } = prepare({ graph: parseGraph(text), weights: new Map() }, { residents });
  return Object.fromEntries(log.map(({ stage, did }) => [stage, did]));
};

test('outputs that are copies are named', () => {
  const { fused } = didOf(
    `graph "copies" {
      %0 = param {name="x"} : f32[4]
      %1 = exp %0 : f32[4]
      return "x"=%0 "y"=%1 "z"=%1
    }`,
    true,
  );
  expect(fused).toBe('2 nodes and 2 copies (outputs x, z) -> 2 kernels');
});

test('nodes that leave loops, or that nothing in them needs, are counted', () => {
  const { canonical, fused } = didOf(`graph "looped" {
    %0 = param {name="x"} : f32[4]
    %1 = loop %0 %0 {body=graph "step" {
      %0 = param {name="trip"} : i32[]
      %1 = param {name="h"} : f32[4]
      %2 = param {name="c"} : f32[4]
      %3 = exp %2 : f32[4]
      %4 = add %1 %3 : f32[4]
      %5 = neg %4 : f32[4]
      return "h"=%4
    } carries=1 trips=4 conditional=false} : (f32[4])
    %2 = result %1 {index=0} : f32[4]
    return "y"=%2
  }`);
  expect(canonical).toMatch(/^3 nodes -> \d+, by \d+ rewrites; in loops and conds 6 -> 4$/);
  expect(fused).toMatch(/^\d+ nodes( and 1 copy \(1 for what loops carry\))? -> \d+ kernels?$/);
});
