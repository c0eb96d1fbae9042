/** How long each kernel takes, beside what the compiler thought. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ORDERS, type ClockName, type Order, type TimeResult } from './measured.js';

export interface TimeProps {
  readonly result: TimeResult;
  readonly order?: Order | undefined;
  readonly onOrder?: (order: Order) => void;
  /** The kernel that is selected. */
  readonly kernel?: number | undefined;
  /** Absent where kernels cannot be selected. */
  readonly onKernel?: ((kernel: number) => void) | undefined;
}

const PAGE = 200;

const percent = (part: number): string =>
  part.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 1 });
const milliseconds = (ms: number): string => ms.toLocaleString(undefined, { maximumFractionDigits: 3 });

const CLOCKS: Readonly<Record<ClockName, (result: TimeResult) => string>> = {
  timestamps: ({ runs }) =>
    `Each kernel alone, by the timestamps of the GPU: the mean of ${runs} runs, since browsers round timestamps.`,
  waits: ({ runs, wait }) =>
    `Each kernel submitted alone and waited for, by the clock of the page, as there are no timestamps: the median of ${runs} runs. To wait for nothing takes ${milliseconds(wait)} ms.`,
  cpu: ({ runs }) => `Each kernel alone, by the clock of the page: the median of ${runs} runs.`,
};

const HEADS: Readonly<Record<Order, string>> = { kernel: 'kernel', time: 'of the time', estimate: 'estimate' };

/** Kernels in an order, the largest first; those that are equal in the plan's. */
export function ordered({ kernels }: TimeResult, order: Order): readonly number[] {
  const all = kernels.map((_, kernel) => kernel);
  if (order === 'kernel') return all;
  const size = order === 'time' ? 'ms' : 'operations';
  return all.toSorted((a, b) => kernels[b][size] - kernels[a][size] || a - b);
}

export function TimeView({ result, order = 'kernel', onOrder, kernel, onKernel }: TimeProps): JSX.Element {
  const [shown, setShown] = useState(PAGE);
  const { device, clock, kernels } = result;
  const sum = (size: 'ms' | 'operations'): number => kernels.reduce((all, own) => all + own[size], 0);
  const [time, operations] = [Math.max(1e-9, sum('ms')), Math.max(1, sum('operations'))];
  const rows = ordered(result, order);
  return (
    <section aria-label="Time">
      <h2>Time on {device}</h2>
      <p>
        {CLOCKS[clock](result)} All kernels: {milliseconds(sum('ms'))} ms. The estimate is the compiler's
        count of operations.
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {ORDERS.map((name) => (
                <th
                  key={name}
                  colSpan={name === 'time' ? 2 : 1}
                  aria-sort={order !== name ? 'none' : name === 'kernel' ? 'ascending' : 'descending'}
                >
                  {onOrder === undefined ? (
                    HEADS[name]
                  ) : (
                    <button type="button" class="link" onClick={() => onOrder(name)}>
                      {HEADS[name]}
                    </button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((at) => {
              const { label, ms, operations: own } = kernels[at];
              return (
                <tr key={at} aria-selected={onKernel && at === kernel}>
                  <td>
                    {onKernel === undefined ? (
                      `${at}: ${label}`
                    ) : (
                      <button type="button" class="link" onClick={() => onKernel(at)}>
                        {`${at}: ${label}`}
                      </button>
                    )}
                  </td>
                  <td class="number">{milliseconds(ms)} ms</td>
                  <td class="number" onClick={() => onKernel?.(at)}>
                    <meter value={ms / time} /> {percent(ms / time)}
                  </td>
                  <td class="number" onClick={() => onKernel?.(at)}>
                    <meter value={own / operations} /> {percent(own / operations)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {rows.length > shown && (
        <button type="button" onClick={() => setShown(shown + PAGE)}>
          more
        </button>
      )}
    </section>
  );
}
