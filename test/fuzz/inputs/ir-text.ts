/** Graphs as text. What can be parsed is printed, and compiled where it is small. */
import { elementCount } from '../../../src/base/tensor.js';
import { prepare } from '../../../src/compile.js';
import type { Graph } from '../../../src/ir/graph.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { printGraph } from '../../../src/ir/print.js';
import { isStatic } from '../../../src/ir/dim.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { randomProgram } from './graphs.js';
import type { InputFamily } from './family.js';
import { mutateText } from './mutate.js';
import type { Random } from './random.js';

/** Texts whose depth or length is the attack. */
function longText(random: Random): string {
  const n = random.pick([1000, 100_000]);
  const chain = (type: string): string => {
    const lines = random.times(n, (i) => `  %${i + 1} = neg %${i} : ${type}`);
    return `graph g {\n  %0 = param {name="x"} : ${type}\n${lines.join('\n')}\n  return y=%${n}\n}`;
  };
  const param = (shape: string): string =>
    `graph g {\n  %0 = param {name="x"} : f32[${shape}]\n  return y=%0\n}`;
  return random.pick<() => string>([
    () => chain('f32[2]'),
    () => param(`${'('.repeat(n)}N${')//2'.repeat(n)}`),
    () => param(Array.from({ length: n }, (_, i) => `n${i}`).join('*')),
    () => param(Array.from({ length: n }, (_, i) => `n${i}`).join('+')),
    () => param(`${'(N+1)*'.repeat(n)}2`),
    () => param('1,'.repeat(n).slice(0, -1)),
    () => param('-'.repeat(n)),
    () => `graph g {\n  %0 = literal {value=${'-'.repeat(n)}1} : f32[]\n  return y=%0\n}`,
    () => `graph g {\n  %0 = iota {axis=${'['.repeat(n)}1${']'.repeat(n)}} : i32[2]\n  return y=%0\n}`,
    () => `graph g {\n  return ${Array.from({ length: n }, (_, i) => `o${i}=%0`).join(' ')}\n}`,
    () => `graph g {\n${'// x\n'.repeat(n)}`,
    () => `${' '.repeat(n)}graph`,
    () => `graph "${'\\'.repeat(n)}`,
    () => `graph "${'x'.repeat(n)}`,
  ])();
}

const isSmall = ({ nodes }: Graph): boolean =>
  nodes.length < 40 && nodes.every(({ type }) => type.shape.every(isStatic) && elementCount(type.shape as number[]) < 5000); // prettier-ignore

/** What becomes of text: a graph, its text, and a plan. */
export function readText(text: string): void {
  const graph = parseGraph(text);
  verifyGraph(graph);
  parseGraph(printGraph(graph));
  if (isSmall(graph) && !graph.nodes.some(({ op }) => op === 'weight'))
    prepare({ graph, weights: new Map() });
}

export const irText: InputFamily = {
  name: 'ir-text',
  make(random) {
    if (random.chance(0.02)) {
      const text = longText(random);
      return { describe: `${text.length} characters: ${text.slice(0, 60)}`, run: () => readText(text) };
    }
    const { text, how } = mutateText(printGraph(randomProgram(random, 8).graph), random);
    return { describe: how, run: () => readText(text) };
  },
};
