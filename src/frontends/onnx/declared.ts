/** What a model declares of the values inside of it. */
import type { GraphProto } from './proto/onnx.js';

/** The extents that a graph declares of a value, where all are numbers. */
export function declaredShape(graph: GraphProto, name: string): readonly number[] | undefined {
  const info = [...graph.output, ...graph.valueInfo].find((entry) => entry.name === name);
  const dims = info?.type?.tensorType?.shape?.dim;
  if (dims === undefined || dims.some(({ dimValue }) => dimValue === undefined || dimValue < 0n))
    return undefined;
  return dims.map(({ dimValue }) => Number(dimValue));
}
