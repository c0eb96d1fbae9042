/** The nodes of a model on the host, with the data of a folder. */
import type { OnnxProgram } from '../../frontends/onnx/index.js';
import type { HostTensor } from '../../frontends/onnx/host.js';
import type { TextNodes, TextRun } from '../../frontends/onnx/text/part.js';
import { hostTensor } from '../../frontends/onnx/wide/storage.js';
import type { InputTensor } from '../files/data-folder.js';
import type { FoundText } from '../files/texts.js';
import type { Model } from './model.js';
import type { Tensors } from '../../runtime/inputs.js';

/** Nodes on the host after those before the graph have run. */
export interface HostNodes {
  /** What `finish` gives. */
  readonly outputs: TextNodes['outputs'];
  readonly run: TextRun;
  /** Inputs of the graph that they have made. */
  readonly given: readonly (readonly [string, HostTensor])[];
}

interface Data {
  readonly texts: ReadonlyMap<string, FoundText>;
  readonly numbers: ReadonlyMap<string, InputTensor>;
}

/** Runs the nodes before the graph; undefined where there are none on the host. Throws as `start` of {@link TextNodes} does. */
export function startHost({ text, inputs }: OnnxProgram, { texts, numbers }: Data): HostNodes | undefined {
  if (text === undefined) return undefined;
  const taken = text.inputs.flatMap(({ name }) => {
    const value = texts.get(name)?.value ?? numbers.get(name)?.tensor;
    return value === undefined ? [] : [[name, value] as const];
  });
  const run = text.start(Object.fromEntries(taken));
  const made = inputs.filter(({ name }) => Object.hasOwn(run.given, name));
  const given = made.map(({ name, dtype, paired }) => [name, hostTensor(run.given[name], dtype, paired === true)] as const); // prettier-ignore
  return { outputs: text.outputs, run, given };
}

interface Loaded {
  readonly model: Pick<Model, 'inputs'>;
  readonly inputs: Tensors;
  readonly files: readonly string[];
}

/** A model with what the host gives its graph, and without what the host alone takes. */
export function withHost<T extends Loaded>(
  loaded: T,
  host: HostNodes,
  texts: Data['texts'],
): T & { readonly host: HostNodes } {
  const names = new Set(loaded.model.inputs.map(({ name }) => name));
  const inputs = Object.entries(loaded.inputs).filter(([name]) => names.has(name));
  const files = [...texts.values()].map(({ file }) => file);
  return {
    ...loaded,
    inputs: { ...Object.fromEntries(inputs), ...host.run.given },
    files: [...loaded.files, ...files],
    host,
  };
}
