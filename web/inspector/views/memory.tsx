/** Memory: the arena upwards over time rightwards, one rectangle for each tensor, its peak and its lower bound. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { bytes, counted, ratio } from '../format.js';
import { liveAt, liveBytes, momentsOf, stepName } from '../memory-lines.js';
import { fusedGraph, Link, type ViewProps } from './common.js';

const [WIDTH, HEIGHT] = [1000, 420];
const HUES = 12;

export function MemoryView({ report, state, go }: ViewProps): JSX.Element {
  const { memory } = report;
  const { arenaBytes, lowerBound, weightBytes, peakStep, tensors, steps } = memory;
  const graph = fusedGraph(report);
  const live = useMemo(() => liveBytes(memory), [memory]);
  const step = state.step ?? peakStep;
  const over = lowerBound === 0 ? '' : ` (${ratio(arenaBytes / lowerBound)} times the lower bound)`;
  const x = (moment: number): number => (moment / momentsOf(memory)) * WIDTH;
  const y = (offset: number): number => HEIGHT - (offset / Math.max(1, arenaBytes)) * HEIGHT;
  const here = liveAt(memory, step);
  return (
    <div class="page">
      <p>
        Arena {bytes(arenaBytes)}
        {over}, weights {bytes(weightBytes)}. No layout needs less than {bytes(lowerBound)}.
      </p>
      {tensors.length > 0 && (
        <>
          <svg
            class="arena"
            viewBox={`0 -6 ${WIDTH} ${HEIGHT + 12}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`The arena over ${counted(steps.length, 'step')}: ${counted(tensors.length, 'tensor')}, most of it in use at ${stepName(memory, peakStep)}`}
          >
            <rect class="peak" x={x(peakStep + 1)} y={0} width={x(1)} height={HEIGHT} />
            {tensors.map(({ value, type, bytes: size, offset, first, last, origin }) => (
              <rect
                key={`${value} ${first}`}
                class={`tensor hue${value % HUES}${state.value === value ? ' selected' : ''}`}
                x={x(first + 1)}
                y={y(offset + size)}
                width={x(last - first + 1)}
                height={Math.max(1, y(offset) - y(offset + size))}
                onClick={() => go({ value, step: first })}
              >
                <title>
                  {`%${value} ${type}, ${bytes(size)} at ${offset}${origin === undefined ? '' : `, ${origin}`}`}
                </title>
              </rect>
            ))}
            <line class="bound" x1={0} x2={WIDTH} y1={y(lowerBound)} y2={y(lowerBound)}>
              <title>{`lower bound: ${bytes(lowerBound)}`}</title>
            </line>
            <polyline
              class="live"
              points={live.map((sum, i) => `${x(i)},${y(sum)} ${x(i + 1)},${y(sum)}`).join(' ')}
            />
            <rect class="now" x={x(step + 1)} y={0} width={x(1)} height={HEIGHT} />
          </svg>
          <label class="steps">
            <input
              type="range"
              min={-1}
              max={steps.length}
              value={step}
              aria-label="Step"
              onChange={({ currentTarget }) => go({ step: Number(currentTarget.value) })}
            />
            {stepName(memory, step)}
            {step === peakStep ? ', the peak' : ''}: {bytes(live[step + 1] ?? 0)} live
          </label>
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th>value</th>
                  <th>type</th>
                  <th>size</th>
                  <th>offset</th>
                  <th>lives</th>
                  <th>from</th>
                </tr>
              </thead>
              <tbody>
                {here.map(({ value, type, bytes: size, offset, first, last, origin }) => (
                  <tr key={value} aria-selected={state.value === value}>
                    <td>
                      <Link
                        to={() => go({ view: 'graph', graph: graph?.id, value })}
                      >{`%${value} ${graph?.nodes.at(value)?.op ?? ''}`}</Link>
                    </td>
                    <td>{type}</td>
                    <td>{bytes(size)}</td>
                    <td>{offset}</td>
                    <td>
                      {first} to {last}
                    </td>
                    <td>{origin}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </div>
  );
}
