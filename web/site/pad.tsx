/** A pad to draw on, and what a network takes the drawing for. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { SIDE, type Stroke } from './strokes.js';

/** Units of the drawing. */
const SIZE = 100;

interface PadProps {
  readonly strokes: readonly Stroke[];
  readonly onChange: (strokes: readonly Stroke[]) => void;
}

/** Where on the drawing a pointer is. */
function placeOf(pad: SVGSVGElement, { clientX, clientY }: PointerEvent): Stroke {
  const { left, top, width, height } = pad.getBoundingClientRect();
  return [(SIZE * (clientX - left)) / width, (SIZE * (clientY - top)) / height];
}

/** Draws with a mouse, a finger or a pen. */
export function Pad({ strokes, onChange }: PadProps): JSX.Element {
  return (
    <svg
      class="pad"
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="img"
      aria-label={strokes.length === 0 ? 'Draw a digit here' : `A drawing of ${strokes.length} strokes`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onChange([...strokes, placeOf(event.currentTarget, event)]);
      }}
      onPointerMove={(event) => {
        const last = strokes.at(-1);
        if (last === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
        onChange([...strokes.slice(0, -1), [...last, ...placeOf(event.currentTarget, event)]]);
      }}
    >
      {strokes.map((stroke, i) => (
        <polyline key={i} points={(stroke.length === 2 ? [...stroke, ...stroke] : stroke).join(' ')} />
      ))}
    </svg>
  );
}

/** The image that the network gets. */
export function Image({ pixels }: { pixels: Float32Array }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const colours = new Uint8ClampedArray(4 * pixels.length);
    pixels.forEach((ink, i) =>
      colours.fill(255 * (1 - ink), 4 * i, 4 * i + 3).fill(255, 4 * i + 3, 4 * i + 4),
    );
    context.putImageData(new ImageData(colours, SIDE, SIDE), 0, 0);
  }, [pixels]);
  return <canvas ref={canvas} width={SIDE} height={SIDE} class="image" aria-label="What the network sees" />;
}

/** A bar for each digit. */
export function Scores({ scores }: { scores: readonly number[] }): JSX.Element {
  const best = scores.indexOf(Math.max(...scores));
  return (
    <div class="scores" aria-label="What the network takes it for">
      {scores.map((score, digit) => (
        <label key={digit} class={digit === best ? 'best' : undefined}>
          {digit} <meter value={score} />{' '}
          {score.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 0 })}
        </label>
      ))}
    </div>
  );
}
