/** Programs as files: what `heddle extract` and `heddle edit` write, and what they say of it. */
import { HeddleError } from '../../base/errors.js';
import { prepare, toBundle } from '../../compile.js';
import { exportOnnx } from '../../frontends/onnx/index.js';
import { ONNX_OF } from '../../frontends/onnx/export/builder.js';
import { paramsOf, type Program } from '../../ir/graph.js';
import { checkEnding, keepInputs } from '../files/outputs.js';
import { counted } from '../terminal/format.js';
import type { ModelOptions } from '../terminal/options.js';
import { TARGETS } from '../terminal/targets.js';
import type { Output } from '../terminal/output.js';
import { producerOf } from './bundle.js';
import { describePort, portFields, type Model, type ModelPort } from './model.js';

/** Options of the verbs that write a model. */
export interface WritingOptions extends ModelOptions {
  readonly out: string;
}

/** The program of a model. Throws USAGE where the file does not hold it. */
export function programOf({ program, file }: Model): Program {
  if (program !== undefined) return program;
  throw new HeddleError('USAGE', 'the bundle does not carry its graph', {
    where: file,
    expected: 'a model, or a bundle that `heddle compile` wrote',
  });
}

/** Throws USAGE where the name of the model does not say in which format it is, or a file that is read would be written over. */
export function checkOut(
  path: string,
  { out, seededWeights, weights }: WritingOptions,
  files: readonly (string | undefined)[] = [],
): void {
  checkEnding(out, ['.onnx', '.heddle']);
  keepInputs('--out', [out], [path, seededWeights, weights, ...files]);
}

/** The program in the format that the name of the file says. */
export async function fileOf(program: Program, path: string, version: string): Promise<Uint8Array> {
  if (path.endsWith('.onnx')) return exportOnnx(program, { producer: `heddle ${version}` });
  return toBundle(prepare(program, { target: TARGETS.gpu }), producerOf(version, 'gpu'));
}

/** Notes the element types that importing has changed: an ONNX file that is written has those that Heddle computes with. */
export function noteTypes({ inputs, outputs }: Model, program: Program, output: Output): void {
  const names = new Set([
    ...paramsOf(program.graph).map(({ node }) => node.attrs.name),
    ...program.graph.outputs.map(({ name }) => name),
  ]);
  const changed = [...inputs, ...outputs].flatMap((port) => {
    const { name, declared } = port;
    if (!names.has(name) || declared === undefined) return [];
    const written = writtenAs(port);
    return written === declared ? [] : [`${name} is ${written}, not ${declared}`];
  });
  if (changed.length > 0)
    output.note(`Element types are those that Heddle computes with: ${changed.join('; ')}.`);
}

/** The element type in a file; of an element that is two words of the program's, with their axis. */
const writtenAs = ({ dtype, paired }: ModelPort): string =>
  paired === true ? `${ONNX_OF[dtype]}[..., 2]` : ONNX_OF[dtype];

/** The inputs and outputs of a program. */
const portsOf = ({
  graph,
}: Program): { readonly inputs: readonly ModelPort[]; readonly outputs: readonly ModelPort[] } => ({
  inputs: paramsOf(graph).map(({ node }) => ({ name: node.attrs.name, ...node.type })),
  outputs: graph.outputs.map(({ name, value }) => ({ name, ...graph.nodes[value].type })),
});

export function summary(model: string, file: string, program: Program): object {
  const { inputs, outputs } = portsOf(program);
  return {
    model,
    file,
    values: program.graph.nodes.length,
    weights: program.weights.size,
    inputs: inputs.map(portFields),
    outputs: outputs.map(portFields),
  };
}

export function describePorts(program: Program): (readonly [string, string])[] {
  const { inputs, outputs } = portsOf(program);
  return [
    ['weights', counted(program.weights.size, 'tensor')],
    ['inputs', inputs.map(describePort).join(', ') || 'none'],
    ['outputs', outputs.map(describePort).join(', ')],
  ];
}
