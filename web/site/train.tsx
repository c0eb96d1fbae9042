/** Trains digits, with the loss as it falls and a pad whose drawing the network names as it learns. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Image, Pad, Scores } from './pad.js';
import { DEFAULT_ENGINE, EngineChoice, Status } from './parts.js';
import { imageOf, type Stroke } from './strokes.js';
import { useTraining } from './training.js';

const STEPS = 400;
const [WIDTH, HEIGHT] = [600, 240];

export function TrainPage(): JSX.Element {
  const [engine, setEngine] = useState(DEFAULT_ENGINE);
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const { state, isOpen, begin, give } = useTraining();
  const { losses, scores, outcome, isRunning } = state;
  const pixels = useMemo(() => imageOf(strokes), [strokes]);
  const showDrawing = (): void => {
    if (pixels !== undefined) give({ order: 'classify', pixels });
  };
  useEffect(showDrawing, [pixels]);
  const train = (): void => {
    begin(STEPS, engine);
    showDrawing();
  };
  return (
    <>
      <h1>Train a network</h1>
      <p>
        784-128-10 learns digits that a program draws: a training step (forward, backward, Adam) is one
        compiled program, and its bits are the same on every device, wherever it rests.
      </p>
      <p class="buttons">
        {isRunning ? (
          <button type="button" class="main" onClick={() => give({ order: 'stop' })}>
            Stop
          </button>
        ) : (
          <button type="button" class="main" onClick={train}>
            Train {STEPS} steps
          </button>
        )}
        {isOpen && !isRunning && losses.length < STEPS && (
          <button type="button" onClick={() => give({ order: 'go' })}>
            Resume
          </button>
        )}
        <EngineChoice engine={engine} onChange={setEngine} />
        {isOpen && losses.length > 0 && (
          <button type="button" onClick={() => give({ order: 'export' })}>
            Save as ONNX
          </button>
        )}
      </p>
      <Status work={state} />
      {state.unkept !== undefined && (
        <p class="note">This browser keeps no training: a reload begins anew ({state.unkept}).</p>
      )}
      {state.refused !== undefined && (
        <p class="note">
          The training that this browser kept cannot go on ({state.refused}): it was deleted, and training
          begins anew.
        </p>
      )}
      {losses.length > 0 && <Curve losses={losses} />}
      {outcome !== undefined && (
        <p class="outcome">
          {(100 * outcome.accuracy).toLocaleString(undefined, { maximumFractionDigits: 1 })}% of 1,000 other
          digits right, {Math.round(outcome.imagesPerSecond).toLocaleString()} images a second.
        </p>
      )}
      <h2>Draw a digit</h2>
      <div class="drawing">
        <Pad strokes={strokes} onChange={setStrokes} />
        {pixels !== undefined && <Image pixels={pixels} />}
        {pixels !== undefined && scores !== undefined && <Scores scores={scores} />}
      </div>
      <p>
        <button type="button" disabled={strokes.length === 0} onClick={() => setStrokes([])}>
          Clear
        </button>{' '}
        {!isOpen && <span class="note">The network names it while it learns.</span>}
      </p>
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
