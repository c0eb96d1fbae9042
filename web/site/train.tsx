/** Trains digits, with the loss as it falls. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { DEFAULT_ENGINE, EngineChoice, save, Status } from './parts.js';
import { useWork } from './work.js';

const STEPS = 400;
const [WIDTH, HEIGHT] = [600, 240];

export function TrainPage(): JSX.Element {
  const [engine, setEngine] = useState(DEFAULT_ENGINE);
  const [work, start, end] = useWork('train');
  const { result, losses } = work;
  return (
    <>
      <h1>Train a network</h1>
      <p>
        784-128-10 learns digits that a program draws: a training step (forward, backward, Adam) is one
        compiled program, and its bits are the same on every device.
      </p>
      <p>
        <button
          type="button"
          class="main"
          disabled={work.isRunning}
          onClick={() => start({ steps: STEPS, engine })}
        >
          Train {STEPS} steps
        </button>{' '}
        <EngineChoice engine={engine} onChange={setEngine} />{' '}
        {work.isRunning && (
          <button type="button" onClick={end}>
            Stop
          </button>
        )}
      </p>
      <Status work={work} />
      {losses.length > 0 && <Curve losses={losses} />}
      {result !== undefined && (
        <p class="outcome">
          {(100 * result.accuracy).toLocaleString(undefined, { maximumFractionDigits: 1 })}% of 1,000 other
          digits right, {Math.round(result.imagesPerSecond).toLocaleString()} images a second.{' '}
          <button type="button" onClick={() => save('digits.onnx', result.onnx, 'application/octet-stream')}>
            Save as ONNX
          </button>
        </p>
      )}
    </>
  );
}

/** Losses on a logarithmic scale. */
function Curve({ losses }: { losses: readonly number[] }): JSX.Element {
  const [low, high] = [Math.log(0.01), Math.log(3)];
  const y = (loss: number): number => HEIGHT * (1 - (Math.log(Math.max(loss, 0.01)) - low) / (high - low));
  const points = losses.map((loss, i) => `${(i / STEPS) * WIDTH},${y(loss)}`).join(' ');
  const last = losses[losses.length - 1];
  return (
    <svg
      class="curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`The loss after ${losses.length} steps is ${last.toFixed(3)}`}
    >
      {[1, 0.1].map((loss) => (
        <g key={loss}>
          <line x1={0} x2={WIDTH} y1={y(loss)} y2={y(loss)} />
          <text x={4} y={y(loss) - 4}>
            {loss}
          </text>
        </g>
      ))}
      <polyline points={points} />
      <text x={WIDTH - 4} y={20} class="end">
        {`step ${losses.length}, loss ${last.toFixed(3)}`}
      </text>
    </svg>
  );
}
