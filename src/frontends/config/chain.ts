/** Layers one after the other, with skips: networks and sequential layers. */
import { checkArguments, shape } from '../../base/arguments.js';
import { HeddleError } from '../../base/errors.js';
import { list, listOf, required } from '../../base/kinds.js';
import { elementCount } from '../../base/tensor.js';
import { printType } from '../../ir/types.js';
import { contextOf, type CallContext, type Layer } from '../../learn/nn/context.js';
import { checkTensors } from '../../tensor/arguments.js';
import { Module } from '../../learn/nn/module.js';
import { inside } from '../../learn/nn/sequential.js';
import { named as atCaller } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { activationOf } from './activations.js';
import { part, printShape, type Scope, type Shape } from './scope.js';
import type { LayerConfig } from './types.js';
import { nearestName } from '../../base/nearest.js';
import { refuse } from './validate.js';
import { runWire, viewed, type Wire } from './wire.js';

/** f32 (or i32, for an embedding) [B, ...] -> [B, ...]. Errors say in which layer they arose. */
export class Chain extends Module {
  /** By their names in the config, or their positions. */
  readonly layers: Readonly<Record<string, Module & Layer>>;
  readonly wires: readonly Wire[];

  constructor(
    layers: readonly (readonly [name: string, layer: Module & Layer])[],
    wires: readonly Wire[],
    /** Which layer each wire is for: names that are numbers would come first in an object. */
    readonly names: readonly string[],
    readonly input: Shape,
  ) {
    super();
    checkArguments('Chain', { layers, wires, names, input }, { layers: named, wires: required(list), names: required(list), input: shape }); // prettier-ignore
    this.layers = Object.fromEntries(layers);
    this.wires = wires;
  }

  call(x: Tensor, context: CallContext = {}): Tensor {
    checkInput(x, this.input);
    const values = [viewed(x, this.input)];
    this.wires.forEach((wire, i) => {
      const name = this.names[i];
      values.push(
        inside(`layers.${name}`, () => runWire(this.layers[name], wire, values, contextOf(context, i))),
      );
    });
    return values[values.length - 1];
  }

  override children(): readonly (readonly [name: string, child: unknown])[] {
    return this.names.map((name) => [name, this.layers[name]]);
  }
}

/** Throws SHAPE_MISMATCH unless `x` is examples with as many elements as `input` has. */
function checkInput(x: Tensor, input: Shape): void {
  checkTensors('network', { 'the input': x });
  const { rank, shape } = x;
  if (rank > 0 && elementCount(shape.slice(1)) === elementCount(input)) return;
  atCaller('network', () => {
    throw new HeddleError('SHAPE_MISMATCH', 'the input does not fit the network', {
      found: printType(x.expr.type),
      expected: `[${['N', ...input].join(', ')}], N examples`,
      hint:
        elementCount(shape) === elementCount(input) ? 'x.unsqueeze(0) makes one example a batch' : undefined,
    });
  });
}

/** Layers with their names. */
const named = required(listOf('[name, layer]', (pair) => Array.isArray(pair) && pair.length === 2));

export interface BuiltChain {
  readonly module: Chain;
  readonly output: Shape;
}

/** Builds layers that stand at `scope.path`.`key`. Throws CONFIG_INVALID. */
export function buildChain(configs: readonly LayerConfig[], key: string, scope: Scope): BuiltChain {
  const names = configs.map(({ name }, i) => name ?? `${i}`);
  const shapes: Shape[] = [scope.input];
  const wires: Wire[] = [];
  const layers: (readonly [string, Module & Layer])[] = [];
  const known = new Map([['input', 0]]);
  let kept: number | undefined;
  configs.forEach((config, i) => {
    const own = part(scope, `${key}[${i}]`, i);
    const { source, before } = sourcesOf(config, i, known, wires, own.path);
    const { module, view, output } = scope.build(config, { ...own, input: shapes[source] });
    if (config.frozen === true) module.frozen = true;
    const wire = {
      source,
      view,
      before: before.filter((value) => fits(config, shapes, value, source, own)),
      after: [],
      activation: activationOf(config, scope),
    };
    const placed = scope.compat === 'loom' ? withKept(config, wire, i, kept, shapes, output) : { wire, kept };
    kept = placed.kept;
    wires.push(placed.wire);
    layers.push([names[i], module]);
    known.set(names[i], i + 1);
    shapes.push(output);
  });
  return { module: new Chain(layers, wires, names, scope.input), output: shapes[shapes.length - 1] };
}

/** The value that is the input of layer i, and for a residual those that are added to it. */
function sourcesOf(
  { type, from }: LayerConfig,
  i: number,
  known: ReadonlyMap<string, number>,
  wires: readonly Wire[],
  path: string,
): { source: number; before: readonly number[] } {
  if (from === undefined)
    return { source: i, before: type === 'residual' ? [i === 0 ? 0 : wires[i - 1].source] : [] };
  const valueOf = (reference: string | number): number => {
    const name = `${reference}`;
    // A number is a position, and a text first of all a name.
    const place = typeof reference === 'number' ? undefined : known.get(name);
    if (place !== undefined) return place;
    if (/^\d+$/.test(name) && Number(name) < i) return Number(name) + 1;
    const names = [...known.keys()];
    const near = typeof reference === 'number' ? undefined : nearestName(name, names);
    return refuse('no layer before this one has that name or position', {
      path: `${path}.from`,
      found: JSON.stringify(reference),
      expected: `${names.length > 20 ? 'the name of a layer before it' : `one of ${names.join(', ')}`}, or a position below ${i}`,
      hint: near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
    });
  };
  const values = [from].flat().map(valueOf);
  if (type === 'residual') return { source: i, before: values };
  if (values.length !== 1)
    refuse('a layer has one input', {
      path: `${path}.from`,
      found: `${values.length} layers`,
      expected: 'one layer; a residual adds several, a parallel layer puts them together',
    });
  return { source: values[0], before: [] };
}

/**
 * Whether a value can be added. LOOM leaves out what does not fit; here that is an error.
 */
function fits(
  config: LayerConfig,
  shapes: readonly Shape[],
  value: number,
  source: number,
  scope: Scope,
): boolean {
  if (elementCount(shapes[value]) === elementCount(shapes[source])) return true;
  if (scope.compat === 'loom') return false;
  return refuse('a residual adds values of one size', {
    path: config.from === undefined ? scope.path : `${scope.path}.from`,
    found: `${printShape(shapes[value])} to be added to ${printShape(shapes[source])}`,
    expected: 'as many values',
  });
}

/**
 * LOOM's residuals without a layer: an rms_norm keeps its input; attention and swiglu add what is kept to their output and
 * keep that; a layer_norm adds it to its input. What has another size is not added.
 */
function withKept(
  { type }: LayerConfig,
  wire: Wire,
  i: number,
  kept: number | undefined,
  shapes: readonly Shape[],
  output: Shape,
): { wire: Wire; kept: number | undefined } {
  const added = (shape: Shape): readonly number[] =>
    kept !== undefined && elementCount(shapes[kept]) === elementCount(shape) ? [kept] : [];
  switch (type) {
    case 'rms_norm':
    case 'rmsnorm':
      return { wire, kept: wire.source };
    case 'multi_head_attention':
    case 'mha':
    case 'swiglu':
      return { wire: { ...wire, after: added(output) }, kept: i + 1 };
    case 'layer_norm':
    case 'layernorm':
      return { wire: { ...wire, before: added(wire.view) }, kept };
    default:
      return { wire, kept };
  }
}
