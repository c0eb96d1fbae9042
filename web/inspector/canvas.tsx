/** A scene that pointers, the wheel and keys move about. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Scene } from './layout/scene.js';
import type { Point, Size } from './layout/layered.js';
import { hit, paint, type Colours } from './paint.js';
import { centred, fitted, moved, opened, toDrawing, zoomed, type Viewport } from './viewport.js';

export interface CanvasProps {
  readonly scene: Scene;
  readonly value: number | undefined;
  readonly kernel: number | undefined;
  readonly onValue: (value: number, kernel: number | undefined) => void;
  readonly onKernel: (kernel: number) => void;
}

/** Pixels that a click may move. */
const STEADY = 4;
const KEY_STEP = 60;

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text'),
    dim: colour('dim'),
    line: colour('line'),
    node: colour('node'),
    box: colour('box'),
    port: colour('port'),
    accent: colour('accent'),
  };
}

export function GraphCanvas({ scene, value, kernel, onValue, onKernel }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<Viewport | undefined>(undefined);
  const pointers = useRef(new Map<number, Point>());
  const travelled = useRef(0);
  const frame = useRef(0);
  const marks = { value, kernel };

  const sizeOf = (): Size => ({ width: canvas.current!.clientWidth, height: canvas.current!.clientHeight });
  const draw = (): void => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const element = canvas.current;
      const context = element?.getContext('2d');
      if (!element || !context || view.current === undefined) return;
      const size = sizeOf();
      const ratio = devicePixelRatio;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      if (element.width !== width || element.height !== height)
        [element.width, element.height] = [width, height];
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint(context, scene, view.current, size, coloursOf(element), marks);
    });
  };
  const show = (next: Viewport): void => {
    view.current = next;
    draw();
  };

  // Before the browser can send an event: a key needs a view to move.
  useLayoutEffect(() => {
    view.current = opened(scene, sizeOf());
  }, [scene]);
  useLayoutEffect(() => {
    const node = scene.nodes.find((n) => n.value === value) ?? scene.boxes.find((b) => b.kernel === kernel);
    if (node !== undefined && view.current !== undefined && !isSeen(node, view.current, sizeOf()))
      view.current = centred(view.current, node, sizeOf());
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(canvas.current!);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', draw);
      cancelAnimationFrame(frame.current);
    };
  }, [scene, value, kernel]);

  const at = (event: MouseEvent): Point => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const select = (pixel: Point): void => {
    const found = hit(scene, toDrawing(view.current!, pixel));
    if (found === undefined) return;
    if ('value' in found) onValue(found.value, found.kernel);
    else onKernel(found.kernel);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const before = pointers.current.get(event.pointerId);
    if (before === undefined) return;
    const now = at(event);
    const [other] = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    pointers.current.set(event.pointerId, now);
    travelled.current += Math.hypot(now.x - before.x, now.y - before.y);
    const next = moved(view.current!, (now.x - before.x) / pointers.current.size, (now.y - before.y) / pointers.current.size); // prettier-ignore
    if (other === undefined) return show(next);
    const factor =
      Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)); // prettier-ignore
    show(zoomed(next, factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { width, height } = sizeOf();
    const middle = { x: width / 2, y: height / 2 };
    const keys: Readonly<Record<string, (view: Viewport) => Viewport>> = {
      ArrowLeft: (v) => moved(v, KEY_STEP, 0),
      ArrowRight: (v) => moved(v, -KEY_STEP, 0),
      ArrowUp: (v) => moved(v, 0, KEY_STEP),
      ArrowDown: (v) => moved(v, 0, -KEY_STEP),
      '+': (v) => zoomed(v, 1.25, middle),
      '-': (v) => zoomed(v, 0.8, middle),
      '0': () => fitted(scene, { width, height }),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    show(keys[event.key](view.current!));
  };
  return (
    <canvas
      ref={canvas}
      tabIndex={0}
      role="img"
      aria-label={`Graph of ${scene.nodes.length} nodes and ${scene.boxes.length} kernels. Arrows move it, plus and minus zoom, 0 shows all of it. The search box finds nodes.`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, at(event));
        travelled.current = 0;
      }}
      onPointerMove={onPointerMove}
      onPointerUp={(event) => {
        pointers.current.delete(event.pointerId);
        if (travelled.current < STEADY) select(at(event));
      }}
      onPointerCancel={({ pointerId }) => pointers.current.delete(pointerId)}
      onWheel={(event) => {
        event.preventDefault();
        show(zoomed(view.current!, Math.exp(-event.deltaY / 400), at(event)));
      }}
      onKeyDown={onKeyDown}
    />
  );
}

function isSeen({ x, y }: Point, { scale, x: left, y: top }: Viewport, { width, height }: Size): boolean {
  const pixel = { x: x * scale + left, y: y * scale + top };
  return pixel.x > 0 && pixel.x < width && pixel.y > 0 && pixel.y < height;
}
