/** Sizes that data decide, where a model declares them. */
import type { NodeContext } from '../context.js';

/**
 * The extent of an axis of output `i` as the model declares it, at most `most`. The import notes that it was taken so.
 *
 * @throws ONNX_DYNAMIC_SHAPE where the model does not declare it, ONNX_INVALID where it is greater.
 */
export function promisedExtent(ctx: NodeContext, i: number, axis: number, most: number): number {
  const extent = ctx.declaredShape(i)?.[axis];
  if (extent === undefined)
    return ctx.fail('ONNX_DYNAMIC_SHAPE', 'how many elements the result has depends on data', {
      found: 'an operand that the graph computes or is given',
      expected: 'a constant operand, or a result of which the model declares the shape in numbers',
      hint: 'give the operand as a constant: importOnnx(bytes, {weights})',
    });
  if (extent > most)
    ctx.fail('ONNX_INVALID', 'the result cannot have as many elements as the model declares', {
      found: `${extent} along axis ${axis}`,
      expected: `at most ${most}`,
    });
  ctx.note(
    `the result has ${extent} elements along axis ${axis}, as the model declares; data may say otherwise`,
  );
  return extent;
}
