/** Bundles as models. The plan is in the file; the graph behind it too, as text, so that tools can explain and verify. */
import { HeddleError } from '../../base/errors.js';
import { list, parseJson, same, text } from '../../base/fields.js';
import { placed } from '../../frontends/onnx/place.js';
import type { Graph, Program } from '../../ir/graph.js';
import { parseGraph } from '../../ir/parse.js';
import { sizeFor, type Shaped } from '../../loader/sizes.js';
import { sizedPlansOf } from '../../loader/load-sizes.js';
import { metadataKey } from '../../plan/container.js';
import { readBundle, type Bundle } from '../../plan/read-bundle.js';
import { wasmSectionOf } from '../../plan/read-wasm.js';
import { costsOf, forSize, namedSizes, sizesWith } from './bundle-sizes.js';
import type { Model, Runnable } from './model.js';
import type { ModelOptions } from '../terminal/options.js';
import { GPU_TARGET_NAMES, TARGET_NAMES, type TargetName } from '../terminal/targets.js';
import { replan } from './replan.js';
import { compiledFor } from './runnable.js';

/** Whether a file is a bundle, by its name, or else by how it begins. */
export const isBundle = (path: string, bytes: Uint8Array): boolean =>
  path.endsWith('.heddle') || (!path.endsWith('.onnx') && bytes[8] === '{'.charCodeAt(0));

/**
 * Opens the bundle in `bytes`; one for several sizes with the plan for inputs of these shapes and for `--dim`, or of its first size where
 * there are none. Throws what {@link readBundle} does, USAGE for options that bundles do not have, and INPUT_SHAPE for other shapes.
 */
export async function openBundle(
  path: string,
  bytes: Uint8Array,
  options: ModelOptions,
  shapes?: Shaped,
): Promise<Model> {
  refuse(path, '--seeded-weights', options.seededWeights, 'ONNX models');
  refuse(path, '--weights', options.weights, 'ONNX models and network configs');
  if (bytes.length < SMALLEST)
    throw new HeddleError('FILE_FORMAT', 'not a bundle', {
      where: path,
      found: `${bytes.length} bytes`,
      expected: 'what `heddle compile` writes',
    });
  const file = await readBundle(bytes).catch((error: unknown) => {
    throw error instanceof HeddleError ? placed(error, path) : error;
  });
  const sized = placedIn(path, () => sizedPlansOf(file));
  if (sized === undefined) refuse(path, '--dim', options.dim, 'ONNX models and bundles for several sizes');
  const left = sized && sizesWith(sized, options.dim, path);
  const size = left && (shapes === undefined ? left.sizes[0] : placedIn(path, () => sizeFor(left, shapes)));
  const bundle = placedIn(path, () => (sized && size ? forSize(file, sized, size) : file));
  const { plan, preludes, weights, producer } = bundle;
  // Running a bundle needs neither: they are made when they are asked for.
  const program = once(() => programOf(bundle, path));
  const prepared = once(() => replan(program(), plan, GPU_TARGET_NAMES, sized !== undefined));
  const made = targetIn(producer);
  const section = placedIn(path, () => wasmSectionOf(bundle));
  const onGpu = (): Runnable => ({
    plan,
    module: undefined,
    weights,
    get prepared() {
      return prepared();
    },
    target: made,
    fits: (other) => other === made || replan(program(), plan, [other], sized !== undefined) !== undefined,
  });
  const onCpu = (): Runnable => {
    if (section !== undefined)
      return {
        plan: section.plan,
        module: new Uint8Array(section.module),
        weights: (id) => section.weights(id),
        // It was planned from the program before the passes, which the bundle does not have.
        prepared: undefined,
        target: 'wasm',
        fits: () => true,
      };
    const graph = program();
    if (graph !== undefined) return compiledFor(graph, 'wasm');
    throw new HeddleError('USAGE', 'the bundle has no kernels for WebAssembly, and does not carry its graph to make them from', {
      where: path,
      hint: 'run it with --device webgpu, or run the model that it was made from',
    }); // prettier-ignore
  };
  return {
    file: path,
    kind: 'bundle',
    producer,
    inputs: plan.inputs,
    outputs: plan.outputs,
    preludes,
    engines: { webgpu: true, wasm: section !== undefined },
    unbound: [],
    ...(sized && size
      ? { sizes: { chosen: namedSizes(sized, size), costs: () => costsOf(file, sized) } }
      : {}),
    get program() {
      return program();
    },
    get warning() {
      if (prepared() !== undefined) return undefined;
      return program() === undefined
        ? 'the bundle does not carry its graph: the interpreter has nothing to run'
        : `the bundle was planned by another version (${producer}): its kernels cannot be looked at one by one`;
    },
    prepare: (target) => (target === 'wasm' ? onCpu() : onGpu()),
  };
}

/** Throws USAGE where an option was given that bundles do not have. */
function refuse(path: string, option: string, value: unknown, what: string): void {
  if (value === undefined) return;
  throw new HeddleError('USAGE', `${option} is for ${what}`, {
    where: path,
    hint: 'a bundle was compiled with its dimensions and weights: give them to `heddle compile`',
  });
}

/** Less than this many bytes are not even the beginning of a bundle: 8 for the length of the header, and `{}`. */
const SMALLEST = 10;

/** What a bundle of the command line names as its producer. */
export const producerOf = (version: string, target: TargetName): string =>
  `heddle ${version}, target ${target}`;

const targetIn = (producer: string): TargetName | undefined => {
  const name = /, target (\w+)$/.exec(producer)?.[1];
  return TARGET_NAMES.find((target) => target === name);
};

/** `make`, called when its result is wanted first. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The program that the bundle was made from. Throws IR_PARSE and the errors of the type rules. */
function programOf({ graph, plan, weights, container }: Bundle, path: string): Program | undefined {
  if (graph === undefined) return undefined;
  const names = container.metadata[metadataKey('names')] as string | undefined;
  return placedIn(`${path}, graph`, () => ({
    graph: withNames(parseGraph(graph), names),
    weights: new Map(plan.weights.map(({ id }) => [id, weights(id)])),
  }));
}

/** What `make` gives; its errors say where. */
function placedIn<T>(where: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof HeddleError ? placed(error, where) : error;
  }
}

/** The graph with the names that the bundle has for its nodes. Throws FILE_CORRUPT where these are not names of its nodes. */
function withNames(graph: Graph, names: string | undefined): Graph {
  if (names === undefined) return graph;
  const found = parseJson(names, list(text), metadataKey('names'));
  same(found.length, graph.nodes.length, 'a node has no name, or a name no node', metadataKey('names'));
  const nodes = graph.nodes.map((node, id) => (found[id] === '' ? node : { ...node, name: found[id] }));
  return { ...graph, nodes };
}
