/** 64-bit integers that a loop changes or a branch chooses: what they began with, or may have been, says nothing of them. */
import { expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoGraph } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';

/** Whether `z`, which `make` and `initializer` give, is below 7. */
const isSmall = (
  make: ReturnType<typeof node>,
  initializer: ReturnType<typeof tensor>[],
  flag: boolean,
): boolean => {
  const bytes = encodeModel({
    node: [make, node('Less', ['z', 'seven'], ['y'])],
    initializer: [...initializer, tensor('seven', 'int64', [], [7])],
    input: [port('flag', 'bool', [])],
    output: [port('y', 'bool', [])],
  });
  const given = { dtype: 'bool', shape: [], data: Uint8Array.of(Number(flag)) } as const;
  return interpret(importOnnx(bytes), { flag: given }).outputs.y.data[0] === 1;
};

test('a minimum that begins with a great number', () => {
  const body = {
    name: 'body',
    node: [node('Min', ['least', 'trip'], ['less']), node('Identity', ['on'], ['goes'])],
    input: [port('trip', 'int64', []), port('on', 'bool', []), port('least', 'int64', [])],
    output: [port('goes', 'bool', []), port('less', 'int64', [])],
  };
  const start = [tensor('trips', 'int64', [], [3]), tensor('start', 'int64', [], [2 ** 62])];
  expect(isSmall(node('Loop', ['trips', 'flag', 'start'], ['z'], { body: { graph: body } }), start, true)).toBe(true); // prettier-ignore
});

test.each([true, false])('one of two branches: %s', (flag) => {
  const branch = (value: number): { graph: ProtoGraph } => ({
    graph: {
      name: 'branch',
      node: [],
      initializer: [tensor('great', 'int64', [], [value])],
      output: [port('great', 'int64', [])],
    },
  });
  const choice = node('If', ['flag'], ['z'], {
    then_branch: branch(-(2 ** 40)),
    else_branch: branch(2 ** 40),
  });
  expect(isSmall(choice, [], flag)).toBe(flag);
});
