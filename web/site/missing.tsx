/** The operators that a model needs and Heddle lacks, each with a link to its first node. */
import type { JSX } from 'preact';
import type { MissingFacts } from '../../src/cli/reports/inspection/types.js';
import { addressIn } from './inspect-address.js';

export function MissingView({
  name,
  missing,
}: {
  name: string;
  missing: readonly MissingFacts[];
}): JSX.Element {
  return (
    <section aria-label="Missing operators">
      <h2>Operators that are missing</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>operator</th>
              <th>nodes</th>
              <th>the first</th>
            </tr>
          </thead>
          <tbody>
            {missing.map(({ operator, count, first, value }) => (
              <tr key={operator}>
                <td>{operator}</td>
                <td class="number">{count.toLocaleString()}</td>
                <td>
                  {value === undefined ? (
                    first
                  ) : (
                    <a href={addressIn(name, { graph: 'g0', value })}>{first}</a>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
