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
import { part, printShape, type Blueprint, type Scope, type Shape } from './scope.js';
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
export function checkInput(x: Tensor, input: Shape): void {
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

/** Designs layers that stand at `scope.path`.`key`. Throws CONFIG_INVALID. */
export function designChain(configs: readonly LayerConfig[], key: string, scope: Scope): Blueprint<Chain> {
  const names = configs.map(({ name }, i) => name ?? `${i}`);
  const shapes: Shape[] = [scope.input];
  const wires: Wire[] = [];
  const makers: Blueprint['make'][] = [];
  const known = new Map([['input', 0]]);
  configs.forEach((config, i) => {
    const own = part(scope, `${key}[${i}]`, i);
    const { source, before, after } = sourcesOf(config, i, known, wires, own.path);
    const input = shapes[source];
    const { make, view, output } = scope.design(config, { ...own, input });
    const fitting = (terms: readonly Term[], shape: Shape): readonly number[] =>
      terms.filter((term) => fits(config, term, shapes[term.value], shape)).map(({ value }) => value);
    wires.push({
      type: config.type,
      source,
      view,
      before: fitting(before, input),
      after: fitting(after, output),
      activation: activationOf(config),
      every: everyOf(config, scope.path, own.path),
    });
    makers.push(make);
    known.set(names[i], i + 1);
    shapes.push(output);
  });
  const make = (): Chain => {
    const layers = makers.map((makeLayer, i) => [names[i], makeLayer()] as const);
    return new Chain(layers, wires, names, scope.input);
  };
  return { make, view: scope.input, output: shapes[shapes.length - 1] };
}

/** Every which tick a layer runs. Throws CONFIG_INVALID for a layer in a layer, which has the ticks of that. */
function everyOf({ tick_every: every = 1 }: LayerConfig, owner: string, path: string): number {
  if (every !== 1 && owner !== '$')
    refuse('a layer in a layer has the ticks of the layer around it', {
      path: `${path}.tick_every`,
      found: `${every}`,
      expected: 'nothing: it stands at the layer around it',
    });
  return every;
}

/** A value that is added, and where the config says so. */
interface Term {
  readonly value: number;
  readonly path: string;
}

interface Sources {
  readonly source: number;
  readonly before: readonly Term[];
  readonly after: readonly Term[];
}

/** The value that is the input of layer i, and those that are added to it and to the output. Throws CONFIG_INVALID. */
function sourcesOf(
  config: LayerConfig,
  i: number,
  known: ReadonlyMap<string, number>,
  wires: readonly Wire[],
  path: string,
): Sources {
  const termsOf = (field: 'from' | 'add_to_input' | 'add_to_output'): readonly Term[] =>
    [config[field] ?? []].flat().map((reference) => {
      const where = `${path}.${field}`;
      return { value: valueOf(reference, i, known, where), path: where };
    });
  const named = termsOf('from');
  const [before, after] = [termsOf('add_to_input'), termsOf('add_to_output')];
  if (config.type === 'residual') {
    const skipped = i === 0 ? 0 : wires[i - 1].source;
    const added = config.from === undefined ? [{ value: skipped, path }] : named;
    return { source: i, before: [...added, ...before], after };
  }
  if (config.from === undefined) return { source: i, before, after };
  if (named.length !== 1)
    refuse('a layer has one input', {
      path: `${path}.from`,
      found: `${named.length} layers`,
      expected: 'one layer; a residual adds several, a parallel layer puts them together',
    });
  return { source: named[0].value, before, after };
}

/** The value that layer i calls `reference`. A number is a position, and a text first of all a name. Throws CONFIG_INVALID. */
function valueOf(
  reference: string | number,
  i: number,
  known: ReadonlyMap<string, number>,
  path: string,
): number {
  const name = `${reference}`;
  const place = typeof reference === 'number' ? undefined : known.get(name);
  if (place !== undefined) return place;
  if (/^\d+$/.test(name) && Number(name) < i) return Number(name) + 1;
  const names = [...known.keys()];
  const near = typeof reference === 'number' ? undefined : nearestName(name, names);
  return refuse('no layer before this one has that name or position', {
    path,
    found: JSON.stringify(reference),
    expected: `${names.length > 20 ? 'the name of a layer before it' : `one of ${names.join(', ')}`}, or a position below ${i}`,
    hint: near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
  });
}

/** Whether a term of shape `own` can be added to what has `shape`. Throws CONFIG_INVALID unless the layer skips others. */
function fits(
  { skip_mismatched: skips = false }: LayerConfig,
  { path }: Term,
  own: Shape,
  shape: Shape,
): boolean {
  if (elementCount(own) === elementCount(shape)) return true;
  if (skips) return false;
  return refuse('a residual adds values of one size', {
    path,
    found: `${printShape(own)} to be added to ${printShape(shape)}`,
    expected: 'as many values',
  });
}
