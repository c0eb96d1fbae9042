/** Draws a scene on a canvas: only what is seen of it, so that thousands of nodes move at the screen's rate. */
import type { Scene, SceneBox, SceneNode } from './layout/scene.js';
import type { Point, Size } from './layout/layered.js';
import { toDrawing, type Viewport } from './viewport.js';

export interface Colours {
  readonly text: string;
  readonly dim: string;
  readonly line: string;
  readonly node: string;
  readonly box: string;
  readonly port: string;
  readonly accent: string;
}

export interface Marks {
  /** The value and the kernel that are selected. */
  readonly value: number | undefined;
  readonly kernel: number | undefined;
}

/** Text is drawn from this scale on. */
const READABLE = 0.35;

export function paint(
  context: CanvasRenderingContext2D,
  scene: Scene,
  view: Viewport,
  canvas: Size,
  colours: Colours,
  marks: Marks,
): void {
  const low = toDrawing(view, { x: 0, y: 0 });
  const high = toDrawing(view, { x: canvas.width, y: canvas.height });
  const isSeen = ({ x, y, width, height }: Point & Size): boolean =>
    x + width / 2 >= low.x && x - width / 2 <= high.x && y + height / 2 >= low.y && y - height / 2 <= high.y;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.translate(view.x, view.y);
  context.scale(view.scale, view.scale);
  context.lineWidth = Math.max(1, 0.6 / view.scale);
  for (const box of scene.boxes) if (isSeen(box)) paintBox(context, box, view, colours, marks);
  context.strokeStyle = colours.line;
  context.beginPath();
  for (const edge of scene.edges) if (crosses(edge, low, high)) trace(context, edge);
  context.stroke();
  for (const node of scene.nodes) if (isSeen(node)) paintNode(context, node, view, colours, marks);
  context.restore();
}

const corner = ({ x, y, width, height }: Point & Size): [number, number, number, number] => [
  x - width / 2,
  y - height / 2,
  width,
  height,
];

function paintBox(
  context: CanvasRenderingContext2D,
  box: SceneBox,
  { scale }: Viewport,
  colours: Colours,
  marks: Marks,
): void {
  context.beginPath();
  context.roundRect(...corner(box), 8);
  context.fillStyle = colours.box;
  context.fill();
  context.strokeStyle = marks.kernel === box.kernel ? colours.accent : colours.line;
  context.stroke();
  if (scale < READABLE) return;
  context.fillStyle = colours.dim;
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'left';
  context.fillText(
    box.title,
    box.x - box.width / 2 + 10,
    box.y - box.height / 2 + 18,
    Math.max(40, box.width - 20),
  );
}

function paintNode(
  context: CanvasRenderingContext2D,
  node: SceneNode,
  { scale }: Viewport,
  colours: Colours,
  marks: Marks,
): void {
  const isPort = node.kind === 'output' || node.title.startsWith('param ');
  context.beginPath();
  context.roundRect(...corner(node), isPort ? node.height / 2 : 5);
  context.fillStyle = isPort ? colours.port : colours.node;
  context.fill();
  const selected = marks.value === node.value;
  context.strokeStyle = selected ? colours.accent : colours.line;
  if (selected) context.lineWidth *= 3;
  context.stroke();
  if (selected) context.lineWidth /= 3;
  if (scale < READABLE) return;
  context.textAlign = 'center';
  context.fillStyle = colours.text;
  context.font = '12px ui-monospace, monospace';
  context.fillText(node.title, node.x, node.y - 3);
  context.fillStyle = colours.dim;
  context.font = '10px ui-monospace, monospace';
  context.fillText(node.type, node.x, node.y + 11);
}

/** Whether the rectangle around a line meets what is seen. */
function crosses(points: readonly Point[], low: Point, high: Point): boolean {
  let [left, right] = [Infinity, -Infinity];
  for (const { x } of points) [left, right] = [Math.min(left, x), Math.max(right, x)];
  const [first, last] = [points[0], points[points.length - 1]];
  return left <= high.x && right >= low.x && first.y <= high.y && last.y >= low.y;
}

/** A line that leaves and arrives upright. */
function trace(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.moveTo(points[0].x, points[0].y);
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1], points[i]];
    const middle = (from.y + to.y) / 2;
    context.bezierCurveTo(from.x, middle, to.x, middle, to.x, to.y);
  }
}

const contains = ({ x, y, width, height }: Point & Size, point: Point): boolean =>
  Math.abs(point.x - x) <= width / 2 && Math.abs(point.y - y) <= height / 2;

/** What lies at a point of the drawing: a node, or else a box. */
export function hit({ nodes, boxes }: Scene, point: Point): SceneNode | SceneBox | undefined {
  return nodes.find((node) => contains(node, point)) ?? boxes.find((box) => contains(box, point));
}
