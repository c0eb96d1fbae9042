/** If: the branch that is taken, where that is known; else both, as a cond. */
import { equalTensors } from '../../host.js';
import { typed, type NodeContext } from '../../context.js';
import { Body, emitCond } from '../../loops.js';
import type { Result } from '../../registry.js';
import { inputsOf } from '../../subgraphs.js';
import { counted, outputsWanted, printValue, resultOf, sameType } from './body.js';

const BRANCHES = ['else_branch', 'then_branch'] as const;

export function branch(ctx: NodeContext): readonly Result[] {
  checkBranches(ctx);
  const [known] = ctx.input(0).known === undefined ? [] : ctx.knownInts(0);
  if (known !== undefined) return ctx.importGraph(BRANCHES[known === 0 ? 0 : 1], []).map(resultOf);
  const predicate = ctx.b.reshape(ctx.value(0), []);
  const sides = BRANCHES.map((name) => {
    const body = new Body(name, ctx.b);
    return { body, outputs: ctx.importGraph(name, [], body) };
  });
  const [otherwise, then] = sides.map(({ outputs }) => outputs);
  then.forEach((value, i) => {
    if (sameType(value, otherwise[i])) return;
    const both = `${printValue(value)} of then_branch, ${printValue(otherwise[i])} of else_branch`;
    if (value.dtype !== otherwise[i].dtype)
      ctx.fail('ONNX_INVALID', `output ${i} of the branches has two element types`, {
        found: both,
        expected: 'one element type',
      });
    ctx.fail('ONNX_DYNAMIC_SHAPE', `the shape of output ${i} depends on which branch is taken`, {
      found: both,
      expected: 'one shape, or a condition that is known before the model runs',
      hint: `give "${ctx.input(0).name}", or what it is computed from, as a constant: importOnnx(bytes, {weights})`,
    });
  });
  const isSame = then.map(({ known }, i) => {
    const other = otherwise[i].known;
    return known !== undefined && other !== undefined && equalTensors(known, other);
  });
  const computed = sides.map(({ body, outputs }) => ({
    body,
    outputs: outputs.filter((_, i) => !isSame[i]).map(({ value }) => value),
  }));
  const parts = isSame.every(Boolean) ? [] : emitCond(ctx.b, predicate, computed[0], computed[1]);
  return then.map((value, i) => (isSame[i] ? resultOf(value) : typed(parts.shift()!, value.dtype)));
}

function checkBranches(ctx: NodeContext): void {
  const graphs = BRANCHES.map((name) => ctx.graph(name));
  graphs.forEach((graph, i) => {
    counted(ctx, 'inputs', inputsOf(graph).length, 0, `${BRANCHES[i]} only sees the values around it`);
  });
  const [otherwise, then] = graphs.map(({ output }) => output.length);
  counted(ctx, 'outputs', otherwise, then, 'as many in else_branch as in then_branch');
  if (outputsWanted(ctx) > then) counted(ctx, 'outputs', then, outputsWanted(ctx), 'as many as the node has');
}
