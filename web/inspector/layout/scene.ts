/** From a graph of the report to what is drawn: nodes at places, boxes around the nodes of each kernel, edges. */
import type { GraphReport, KernelFacts } from '../../../src/cli/reports/inspection/types.js';
import { drawLayered, type Drawing, type Edge, type Point, type Size } from './layered.js';

export interface SceneOptions {
  /** Whether weights and constants are drawn. */
  readonly weights: boolean;
  /** Whether the nodes of a kernel stand together, in a box; one that several kernels compute stands in each. */
  readonly boxes: boolean;
}

export interface SceneNode extends Size, Point {
  /** The value; an output of the graph has its value's. */
  readonly value: number;
  readonly kind: 'node' | 'output';
  readonly title: string;
  readonly type: string;
  /** The kernel in whose box it stands. */
  readonly kernel?: number;
}

export interface SceneBox extends Size, Point {
  readonly kernel: number;
  readonly title: string;
}

/** Coordinates are centres. */
export interface Scene extends Size {
  readonly nodes: readonly SceneNode[];
  readonly boxes: readonly SceneBox[];
  /** Lines from the bottom of a node to the top of another. */
  readonly edges: readonly (readonly Point[])[];
}

const NODE_HEIGHT = 34;
const CHARACTER = 6.6;
const BOX = { side: 14, top: 30, bottom: 14 } as const;

/** A node that is to be drawn, with the indices of those that it reads. */
interface Item {
  readonly value: number;
  readonly kind: SceneNode['kind'];
  readonly title: string;
  readonly type: string;
  readonly kernel?: number;
  readonly reads: readonly number[];
}

export function sceneOf(graph: GraphReport, kernels: readonly KernelFacts[], options: SceneOptions): Scene {
  const items = itemsOf(graph, kernels, options);
  const sizes = items.map(sizeOf);
  const edges = items.flatMap(({ reads }, to) => reads.map((from): Edge => [from, to]));
  const boxes = new Map<number, number[]>();
  items.forEach(({ kernel }, i) => {
    if (kernel !== undefined) boxes.set(kernel, [...(boxes.get(kernel) ?? []), i]);
  });
  const inner = new Map([...boxes].map(([kernel, members]) => [kernel, drawInside(members, sizes, edges)]));

  // Boxes and the nodes outside of them are the nodes of the drawing around them.
  const outer: Size[] = [];
  const outerOf = new Array<number>(items.length);
  const boxAt = new Map<number, number>();
  for (const [kernel, members] of boxes) {
    const at = outer.push(inner.get(kernel)!.size) - 1;
    boxAt.set(kernel, at);
    for (const member of members) outerOf[member] = at;
  }
  items.forEach(({ kernel }, i) => {
    if (kernel === undefined) outerOf[i] = outer.push(sizes[i]) - 1;
  });
  const between = new Map<string, { readonly edge: Edge; readonly at: number }>();
  for (const [from, to] of edges) {
    const edge: Edge = [outerOf[from], outerOf[to]];
    const key = edge.join();
    if (edge[0] !== edge[1] && !between.has(key)) between.set(key, { edge, at: between.size });
  }
  const drawing = drawLayered(
    outer,
    [...between.values()].map(({ edge }) => edge),
  );

  const nodes = items.map((item, i): SceneNode => {
    const { kernel } = item;
    const centre = drawing.centres[outerOf[i]];
    const { value, kind, title, type } = item;
    const own = { value, kind, title, type, ...sizes[i] };
    if (kernel === undefined) return { ...own, ...centre };
    const { size, places } = inner.get(kernel)!;
    const place = places.get(i)!;
    return { ...own, kernel, x: centre.x - size.width / 2 + place.x, y: centre.y - size.height / 2 + place.y }; // prettier-ignore
  });
  return {
    nodes,
    boxes: [...boxes.keys()].map((kernel) => ({
      kernel,
      title: `${kernel}: ${kernels[kernel].label}`,
      ...inner.get(kernel)!.size,
      ...drawing.centres[boxAt.get(kernel)!],
    })),
    edges: edges.map(([from, to], i) => {
      const way = between.get(`${outerOf[from]},${outerOf[to]}`);
      const { kernel } = items[to];
      const joints =
        way === undefined && kernel !== undefined
          ? insideJoints(inner.get(kernel)!, i, drawing.centres[boxAt.get(kernel)!])
          : drawing.joints[way?.at ?? 0];
      return [bottomOf(nodes[from]), ...joints, topOf(nodes[to])];
    }),
    width: drawing.width,
    height: drawing.height,
  };
}

const bottomOf = ({ x, y, height }: SceneNode): Point => ({ x, y: y + height / 2 });
const topOf = ({ x, y, height }: SceneNode): Point => ({ x, y: y - height / 2 });

function sizeOf({ title, type }: Item): Size {
  return { width: Math.max(48, Math.max(title.length, type.length) * CHARACTER + 16), height: NODE_HEIGHT };
}

const HIDDEN = new Set(['weight', 'constant']);

/** What is drawn: one item for each value, or for each kernel that computes it. */
function itemsOf(
  graph: GraphReport,
  kernels: readonly KernelFacts[],
  { weights, boxes }: SceneOptions,
): Item[] {
  const items: Item[] = [];
  const own = boxes ? kernels.flatMap((kernel, i) => (kernel.graph === graph.id ? [[i, kernel] as const] : [])) : []; // prettier-ignore
  /** The kernels that compute a value. */
  const computing = new Map<number, number[]>();
  for (const [i, { members }] of own)
    for (const value of members) computing.set(value, [...(computing.get(value) ?? []), i]);
  /** The item that others read a value from: where it is stored. */
  const stored = new Map<number, number>();
  const inside = new Map<string, number>();
  graph.nodes.forEach(({ op, type, inputs }, value) => {
    if (!weights && HIDDEN.has(op)) return;
    for (const kernel of computing.get(value) ?? [undefined]) {
      const reads = inputs.flatMap((input) => {
        const near = inside.get(`${kernel} ${input}`) ?? stored.get(input);
        return near === undefined ? [] : [near];
      });
      const title = `${op} %${value}`;
      const item = { value, kind: 'node', title, type, reads: [...new Set(reads)] } as const;
      const at = items.push(kernel === undefined ? item : { ...item, kernel }) - 1;
      inside.set(`${kernel} ${value}`, at);
      if (kernel === undefined || !stored.has(value) || kernels[kernel].writes.includes(value))
        stored.set(value, at);
    }
  });
  for (const { name, value } of graph.outputs) {
    const from = stored.get(value);
    items.push({ value, kind: 'output', title: name, type: graph.nodes[value].type, reads: from === undefined ? [] : [from] }); // prettier-ignore
  }
  return items;
}

/** The inside of a box: its size, and the places of its nodes, from its upper left corner. */
interface Inside {
  readonly size: Size;
  readonly places: ReadonlyMap<number, Point>;
  readonly joints: ReadonlyMap<number, readonly Point[]>;
}

function drawInside(members: readonly number[], sizes: readonly Size[], edges: readonly Edge[]): Inside {
  const at = new Map(members.map((member, i) => [member, i]));
  const own = edges.flatMap(([from, to], i) => {
    const [a, b] = [at.get(from), at.get(to)];
    return a === undefined || b === undefined ? [] : [{ i, edge: [a, b] as const }];
  });
  const drawing: Drawing = drawLayered(
    members.map((member) => sizes[member]),
    own.map(({ edge }) => edge),
  );
  const shift = ({ x, y }: Point): Point => ({ x: x + BOX.side, y: y + BOX.top });
  return {
    size: { width: Math.max(120, drawing.width + 2 * BOX.side), height: drawing.height + BOX.top + BOX.bottom }, // prettier-ignore
    places: new Map(members.map((member, i) => [member, shift(drawing.centres[i])])),
    joints: new Map(own.map(({ i }, k) => [i, drawing.joints[k].map(shift)])),
  };
}

function insideJoints({ joints, size }: Inside, edge: number, centre: Point): Point[] {
  return (joints.get(edge) ?? []).map(({ x, y }) => ({
    x: centre.x - size.width / 2 + x,
    y: centre.y - size.height / 2 + y,
  }));
}
