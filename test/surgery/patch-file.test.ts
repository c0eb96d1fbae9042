/** Edits in files: they come back as they were, and undo what they are of; other files and other models are refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import { tensorBytes } from '../../src/base/tensor.js';
import { readSafetensors } from '../../src/data/safetensors/read.js';
import { writeSafetensors } from '../../src/data/safetensors/write.js';
import { exportOnnx, importOnnx } from '../../src/frontends/onnx/index.js';
import type { Program } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { fingerprint } from '../../src/surgery/patch-file.js';
import {
  addOutput,
  describePatches,
  edit,
  prune,
  readPatches,
  rename,
  setWeight,
  undo,
  writePatches,
} from '../../src/surgery/index.js';
import { ownFile } from '../frontends/onnx/support.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';
import { change, changes, orRefused } from './support.js';

/** Throws unless two programs are the same, whose weights may be other objects. */
function expectEqual(found: Program, expected: Program): void {
  expect(printGraph(found.graph, { names: true })).toBe(printGraph(expected.graph, { names: true }));
  expect(fingerprint(found)).toBe(fingerprint(expected));
}

test('whatever is edited, the file undoes it: in memory, and in a model that was written and read', () => {
  let [kept, written] = [0, 0];
  fc.assert(
    fc.property(recipes(12), changes(3), (recipe, list) => {
      const { program: before } = grow(recipe);
      const edited = orRefused(() => edit(before, (draft) => list.forEach((one) => change(draft, one))));
      if (edited === undefined) return;
      const saved = readPatches(writePatches({ before, edited }));
      expect(describePatches(saved.patches)).toBe(describePatches(edited.patches));
      expectEqual(undo(edited.program, saved), before);
      kept++;
      const again = orRefused(() => importOnnx(exportOnnx(edited.program)));
      if (again === undefined) return;
      const back = undo(again, readPatches(writePatches({ before, edited, written: again })));
      expect(fingerprint(back)).toBe(fingerprint(before));
      expect(exportOnnx(back)).toEqual(exportOnnx(before));
      written++;
    }),
    fuzz(60),
  );
  expect([kept > 20, written > 15]).toEqual([true, true]);
});

/** A loop, an input of a symbolic shape, constants that JSON has no numbers for, and a weight with a NaN. */
const LOOP: Program = {
  graph: parseGraph(`graph "looped" {
    %0 = param {name="x"} : f32[N*2,3]
    %1 = weight {id="w"} : f32[2]
    %2 = constant {values=[NaN]} : f32[3]
    %3 = constant {values=[-0]} : f32[3]
    %4 = loop %3 {body=graph "step" {
      %0 = param {name="trip"} : i32[]
      %1 = param {name="h"} : f32[3]
      %2 = constant {values=[-Infinity]} : f32[3]
      %3 = max %1 %2 : f32[3]
      return "h"=%3
    } carries=1 trips=4 conditional=false} : (f32[3])
    %5 = result %4 {index=0} : f32[3]
    %6 = add %2 %5 : f32[3]
    return "x"=%0 "w"=%1 "y"=%6
  }`),
  weights: new Map([['w', { dtype: 'f32', shape: [2], data: new Float32Array(Uint32Array.of(0x7fc12345, 0).buffer) }]]),
}; // prettier-ignore

test('loops, symbols, weights and every number come back as they were', () => {
  const edited = edit(LOOP, (draft) => {
    draft.outputs.splice(0, 3, { name: 'x', value: 'x' });
    draft.values.x.attrs.shape = [4, 3];
    prune(draft);
  });
  const saved = readPatches(writePatches({ before: LOOP, edited, producer: 'a test' }));
  expect(saved.producer).toBe('a test');
  const back = undo(edited.program, saved);
  expectEqual(back, LOOP);
  expect(back.graph).toEqual(LOOP.graph);
  expect(tensorBytes(back.weights.get('w')!)).toEqual(tensorBytes(LOOP.weights.get('w')!));
});

const DIGITS = importOnnx(ownFile('models/digits.onnx'));
const EDITED = edit(DIGITS, (draft) => {
  rename(draft, 'image', 'picture');
  addOutput(draft, 'add_6');
  setWeight(draft, 'weight1', { dtype: 'f32', shape: [8], data: new Float32Array(8) });
});
const FILE = writePatches({ before: DIGITS, edited: EDITED });

test('the same edit gives the same bytes, and what is undone is written as the original is', () => {
  expect(writePatches({ before: DIGITS, edited: EDITED })).toEqual(FILE);
  expect(exportOnnx(undo(EDITED.program, readPatches(FILE)))).toEqual(exportOnnx(DIGITS));
});

describe('refused are', () => {
  const codeOf = (body: () => unknown): string => {
    try {
      body();
    } catch (error) {
      return error instanceof HeddleError ? error.code : String(error);
    }
    return 'none';
  };

  /** The file with other metadata. */
  const changed = (change: (metadata: Record<string, string>) => void): Uint8Array => {
    const { tensors, metadata } = readSafetensors(FILE);
    const own = { ...metadata };
    change(own);
    return writeSafetensors(tensors, own);
  };

  test('other models, and the model before the edit', () => {
    expect(() => undo(DIGITS, readPatches(FILE))).toThrow(/^USAGE[^]*found: +the model before the edit/);
    expect(() => undo(LOOP, readPatches(FILE))).toThrow(/^USAGE[^]*a model with the fingerprint/);
  });

  test.each([
    ['no file at all', new Uint8Array(0), 'FILE_TRUNCATED'],
    ['another kind of file', ownFile('models/digits.onnx'), 'FILE_FORMAT'],
    ['weights', writeSafetensors({}), 'FILE_FORMAT'],
    ['half of it', FILE.subarray(0, FILE.length - 5), 'FILE_TRUNCATED'],
    ['another version', changed((m) => (m['heddle.patches.version'] = '2')), 'FILE_VERSION'],
    ['no inverse', changed((m) => delete m['heddle.patches.inverse']), 'FILE_CORRUPT'],
    ['no list', changed((m) => (m['heddle.patches.inverse'] = '{}')), 'FILE_CORRUPT'],
    ['no JSON', changed((m) => (m['heddle.patches.patches'] = '[')), 'FILE_CORRUPT'],
    ['a patch without a path', changed((m) => (m['heddle.patches.patches'] = '[{"op":"add"}]')), 'FILE_CORRUPT'],
    ['a tensor that is not there', changed((m) => (m['heddle.patches.patches'] = '[{"op":"add","path":["weights","w"],"value":{"$tensor":"9"}}]')), 'FILE_CORRUPT'],
    ['a value of an unknown kind', changed((m) => (m['heddle.patches.patches'] = '[{"op":"add","path":["name"],"value":{"$no":1}}]')), 'FILE_CORRUPT'],
    ['depth without an end', changed((m) => (m['heddle.patches.patches'] = `[{"op":"add","path":["name"],"value":${'['.repeat(9999)}${']'.repeat(9999)}}]`)), 'LIMIT_EXCEEDED'],
  ])('%s', (_, bytes, code) => {
    expect(codeOf(() => readPatches(bytes, 'x.patches'))).toBe(code);
  }); // prettier-ignore

  test.each([
    ['patches that lead elsewhere', '[]'],
    ['patches that leave no program', '[{"op":"remove","path":["values","weight0"]}]'],
    ['patches of what is not there', '[{"op":"replace","path":["values","nothing","op"],"value":"exp"}]'],
    ['patches of prototypes', '[{"op":"add","path":["__proto__","x"],"value":1}]'],
    ['patches of no form', '[{"op":"replace","path":[],"value":7}]'],
  ])('%s', (_, inverse) => {
    const saved = readPatches(changed((m) => (m['heddle.patches.inverse'] = inverse)));
    expect(codeOf(() => undo(EDITED.program, saved))).toBe('FILE_CORRUPT');
  });
});
