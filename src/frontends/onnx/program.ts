/** What an import gives. */
import { firstOf, inspectedAs } from '../../base/inspect.js';
import type { HeddleError } from '../../base/errors.js';
import type { FreeDims, Program } from '../../ir/graph.js';
import { printType } from '../../ir/types.js';
import type { OnnxPort } from './ports.js';
import { TextNodes, type TextPart } from './text/part.js';

/** A program with what the model says about itself. */
export interface OnnxProgram extends Program {
  /** Without the initializers that old files list among them. */
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** Version by domain; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The program that wrote the file. */
  readonly producer: string;
  /** Symbolic dimensions that are still unbound: symbol to name in the file; they differ where that is long. */
  readonly symbols: Readonly<Record<string, string>>;
  /** How these get their values, which `compile`, `verify` and `interpret` take from the inputs of a run. */
  readonly free?: FreeDims;
  /** The nodes that run on the host, since they take or give text or decode images, where there are some. `inputs` and `outputs` are those of the graph between them. */
  readonly text?: TextNodes;
  /** What the model breaks and was imported nevertheless, a sentence each. */
  readonly notes: readonly string[];
}

/** What is known of a program before its nodes are imported. */
export type About = Omit<OnnxProgram, 'graph' | 'weights' | 'outputs' | 'free'>;

/** A program whose graph is made for given sizes only. */
export function unresolved(
  about: About,
  free: FreeDims,
  text: TextPart | undefined,
  error: HeddleError,
): OnnxProgram {
  const refuse = (): never => {
    throw error;
  };
  const program: OnnxProgram = {
    ...about,
    ...(text === undefined ? {} : { text: new TextNodes(text, about.inputs, refuse) }),
    weights: new Map(),
    free,
    get graph() {
      return refuse();
    },
    get outputs() {
      return refuse();
    },
  };
  const inputs = free.inputs.map((input) => `${input.name}: ${printType(input)}`);
  return inspectedAs(
    program,
    () => `Program for given sizes of ${free.symbols.join(', ')}; ${firstOf(inputs)}`,
  );
}
