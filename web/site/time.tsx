/** How long each kernel takes, beside what the compiler thought. */
import type { JSX } from 'preact';
import type { TimeResult } from './protocol.js';

const percent = (part: number): string =>
  part.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 1 });

export function TimeView({ result: { device, wait, kernels } }: { result: TimeResult }): JSX.Element {
  const [time, operations] = [
    Math.max(1e-9, kernels.reduce((sum, { ms }) => sum + ms, 0)),
    Math.max(1, kernels.reduce((sum, kernel) => sum + kernel.operations, 0)),
  ]; // prettier-ignore
  return (
    <section aria-label="Time">
      <h2>Time on {device}</h2>
      <p>
        Each kernel alone, waited for: the median of five runs. To wait for nothing takes{' '}
        {wait.toLocaleString(undefined, { maximumFractionDigits: 3 })} ms. The estimate is the compiler's
        count of operations.
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>kernel</th>
              <th>ms</th>
              <th>of the time</th>
              <th>estimate</th>
            </tr>
          </thead>
          <tbody>
            {kernels.map(({ label, ms, operations: own }, i) => (
              <tr key={i}>
                <td>
                  {i}: {label}
                </td>
                <td class="number">{ms.toLocaleString(undefined, { maximumFractionDigits: 3 })}</td>
                <td class="number">
                  <meter value={ms / time} /> {percent(ms / time)}
                </td>
                <td class="number">
                  <meter value={own / operations} /> {percent(own / operations)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
