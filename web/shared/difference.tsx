/** Whether a device has the bits of the reference, and where it has not. */
import type { JSX } from 'preact';
import type { DifferenceFacts, HeatMap, VerifyResult, WordFacts } from './measured.js';

const REFERENCES: Readonly<Record<VerifyResult['reference'], string>> = {
  interpreter: 'the interpreter',
  wasm: 'the WebAssembly engine',
};

export interface DifferenceProps {
  readonly result: VerifyResult;
  /** Shows the kernel, or the value; absent where there is nothing that could. */
  readonly onKernel?: ((kernel: number) => void) | undefined;
  readonly onValue?: ((value: number) => void) | undefined;
}

export function DifferenceView({ result, onKernel, onValue }: DifferenceProps): JSX.Element {
  const { device, reference, kernels, values, elements, differences, first, output } = result;
  return (
    <section aria-label="Difference">
      <h2 class={differences === 0 ? 'good' : 'bad'}>
        {differences === 0
          ? `${device} has the bits of ${REFERENCES[reference]}.`
          : `${device} differs from ${REFERENCES[reference]}.`}
      </h2>
      <p>
        {kernels} kernels, {values.toLocaleString()} values of {elements.toLocaleString()} elements,{' '}
        {differences.toLocaleString()} differ
      </p>
      {first !== undefined && <First difference={first} onKernel={onKernel} onValue={onValue} />}
      {output !== undefined && <pre class="error">{output}</pre>}
    </section>
  );
}

function First({
  difference,
  onKernel,
  onValue,
}: { readonly difference: DifferenceFacts } & Pick<DifferenceProps, 'onKernel' | 'onValue'>): JSX.Element {
  const { kernel, label, value, name, type, index, expected, found, count, elements, ir, code, heat } = difference;
  return (
    <>
      <dl>
        <dt>first kernel</dt>
        <dd>
          <Linked words={`${kernel}: ${label}`} to={onKernel && (() => onKernel(kernel))} />
        </dd>
        <dt>value</dt>
        <dd>
          <Linked
            words={`${name === undefined ? '' : `${name}: `}${type}`}
            to={onValue && (() => onValue(value))}
          />
        </dd>
        <dt>first element</dt>
        <dd>[{index.join(', ')}]</dd>
        <dt>expected</dt>
        <dd>
          <Word word={expected} />
        </dd>
        <dt>found</dt>
        <dd class="bad">
          <Word word={found} />
        </dd>
        <dt>differ</dt>
        <dd>
          {count.toLocaleString()} of {elements.toLocaleString()} elements
        </dd>
      </dl>
      <Heat heat={heat} />
      <details>
        <summary>The kernel</summary>
        <pre>{ir.join('\n')}</pre>
        <pre>{code}</pre>
      </details>
    </>
  );
}

const Linked = ({ words, to }: { words: string; to: (() => void) | undefined }): JSX.Element =>
  to === undefined ? (
    <>{words}</>
  ) : (
    <button type="button" class="link" onClick={to}>
      {words}
    </button>
  );

const Word = ({ word: { hex, value } }: { word: WordFacts }): JSX.Element => (
  <>
    <code>0x{hex}</code> ({Object.is(value, -0) ? '-0' : value})
  </>
);

/** Red where elements differ. */
function Heat({ heat: { rows, columns, cells } }: { heat: HeatMap }): JSX.Element {
  const differing = cells.filter((part) => part > 0).length;
  return (
    <svg
      class="heat"
      viewBox={`0 0 ${columns} ${rows}`}
      role="img"
      aria-label={`${differing} of ${cells.length} parts of the tensor have differences`}
    >
      {Array.from(cells, (part, i) =>
        part === 0 ? null : (
          <rect
            key={i}
            x={i % columns}
            y={Math.floor(i / columns)}
            width={1}
            height={1}
            fill-opacity={0.3 + 0.7 * part}
          />
        ),
      )}
    </svg>
  );
}
