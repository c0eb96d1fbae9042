/** If: the branch that is taken, where that is known; else both, as a cond. */
import { equalTensors } from '../../host.js';
import { typed, type NodeContext } from '../../context.js';
import { Body, emitCond } from '../../loops.js';
import { shorten } from '../../limits.js';
import type { Resolved, Result } from '../../registry.js';
import { inputsOf } from '../../subgraphs.js';
import { graphValue, type OnnxValue } from '../../value.js';
import { resultOf } from '../../handover.js';
import { counted, outputsWanted, printValue, sameType } from './body.js';

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
  then.forEach((value, i) => checkKinds(ctx, i, value, otherwise[i]));
  const [elements, others] = [then.flatMap(elementsOf), otherwise.flatMap(elementsOf)];
  elements.forEach((value, i) => checkTypes(ctx, value, others[i]));
  const isSame = elements.map(({ known }, i) => {
    const other = others[i].known;
    return known !== undefined && other !== undefined && equalTensors(known, other);
  });
  const computed = [others, elements].map((values, side) => ({
    body: sides[side].body,
    outputs: values.filter((_, i) => !isSame[i]).map(({ value }) => value),
  }));
  const parts = isSame.every(Boolean) ? [] : emitCond(ctx.b, predicate, computed[0], computed[1]);
  const chosen = elements.map((value, i): Resolved => (isSame[i] ? resultOf(value) : typed(parts.shift()!, value.dtype))); // prettier-ignore
  return then.map((value, output) => {
    const own = chosen.splice(0, elementsOf(value).length);
    if (value.elements === undefined) return own[0] ?? resultOf(value);
    const named = own.map((result, i) =>
      'value' in result
        ? graphValue(`${ctx.node.output[output]}[${i}]`, result.dtype, result.value)
        : value.elements![i],
    );
    return { dtype: value.dtype, elements: named };
  });
}

/** The tensors that a value is: those of a sequence, none of an optional value that is none. */
const elementsOf = (value: OnnxValue): readonly OnnxValue[] =>
  value.elements ?? (value.isAbsent === true ? [] : [value]);

/** Throws ONNX_DYNAMIC_SHAPE where an output is of another number of tensors, or a sequence, in one branch alone. */
function checkKinds(ctx: NodeContext, i: number, then: OnnxValue, otherwise: OnnxValue): void {
  const print = (value: OnnxValue): string =>
    value.elements === undefined
      ? `${value.isAbsent === true ? 'no' : 'a'} tensor`
      : `a sequence of ${value.elements.length}`;
  if (print(then) !== print(otherwise))
    ctx.fail('ONNX_DYNAMIC_SHAPE', `what output ${i} is depends on which branch is taken`, {
      found: `${print(then)} of then_branch, ${print(otherwise)} of else_branch`,
      expected: 'as many tensors, or a condition that is known before the model runs',
      hint: constantHint(ctx),
    });
}

/** Throws where a tensor of the branches has two types: ONNX_INVALID for elements, ONNX_DYNAMIC_SHAPE for shapes. */
function checkTypes(ctx: NodeContext, then: OnnxValue, otherwise: OnnxValue): void {
  if (sameType(then, otherwise)) return;
  const both = `${printValue(then)} of then_branch, ${printValue(otherwise)} of else_branch`;
  if (then.dtype !== otherwise.dtype)
    ctx.fail('ONNX_INVALID', `"${shorten(then.name)}" has two element types in the branches`, {
      found: both,
      expected: 'one element type',
    });
  ctx.fail('ONNX_DYNAMIC_SHAPE', `the shape of "${shorten(then.name)}" depends on which branch is taken`, {
    found: both,
    expected: 'one shape, or a condition that is known before the model runs',
    hint: constantHint(ctx),
  });
}

const constantHint = (ctx: NodeContext): string =>
  `give "${ctx.input(0).name}", or what it is computed from, as a constant: importOnnx(bytes, {weights})`;

function checkBranches(ctx: NodeContext): void {
  const graphs = BRANCHES.map((name) => ctx.graph(name));
  graphs.forEach((graph, i) => {
    counted(ctx, 'inputs', inputsOf(graph).length, 0, `${BRANCHES[i]} only sees the values around it`);
  });
  const [otherwise, then] = graphs.map(({ output }) => output.length);
  counted(ctx, 'outputs', otherwise, then, 'as many in else_branch as in then_branch');
  if (outputsWanted(ctx) > then) counted(ctx, 'outputs', then, outputsWanted(ctx), 'as many as the node has');
}
