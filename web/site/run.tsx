/** Runs an ONNX model that is dropped, chosen, or comes with the page; compares it with the reference, and times it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import digits from '../../models/digits.onnx?url';
import { MissingView } from './missing.js';
import type { PageProps } from './page.js';
import type { NamedFile } from './protocol.js';
import { DEFAULT_ENGINE, DropZone, EngineChoice, Status } from './parts.js';
import { addressIn } from './inspect-address.js';
import { TimeView } from '../shared/times.js';
import { DifferenceView } from '../shared/difference.js';
import { useWork } from './work.js';

export function RunPage({ give }: PageProps): JSX.Element {
  const [engine, setEngine] = useState(DEFAULT_ENGINE);
  const [model, setModel] = useState<NamedFile | undefined>(undefined);
  const [work, start] = useWork('run');
  const [checked, check, endCheck] = useWork('verify');
  const [timed, time, endTime] = useWork('time');
  const isBusy = work.isRunning || checked.isRunning || timed.isRunning;
  const run = async (name: string, data: Promise<ArrayBuffer>): Promise<void> => {
    const dropped = { name, bytes: new Uint8Array(await data) };
    setModel(dropped);
    give(dropped);
    endCheck();
    endTime();
    start({ ...dropped, engine });
  };
  const { result } = work;
  return (
    <>
      <h1>Run an ONNX model</h1>
      <p>
        Drop a file here. It is compiled and run in this page, in a worker, on numbers from a fixed seed; it
        is sent nowhere.
      </p>
      <DropZone label="A model" accept=".onnx" onFile={(file) => void run(file.name, file.arrayBuffer())}>
        <button
          type="button"
          onClick={() =>
            void run(
              'digits.onnx',
              fetch(digits).then((answer) => answer.arrayBuffer()),
            )
          }
        >
          digits.onnx
        </button>
        <EngineChoice engine={engine} onChange={setEngine} />
      </DropZone>
      <Status work={work} />
      {model !== undefined && work.missing !== undefined && (
        <MissingView name={model.name} missing={work.missing} />
      )}
      {result !== undefined && model !== undefined && (
        <section aria-label="Result">
          <h2>
            {model.name} on {result.device}: {result.kernels} kernels
          </h2>
          <p>{result.inputs.join(', ')}</p>
          <table>
            <tbody>
              {Object.entries(result.times).map(([phase, ms]) => (
                <tr key={phase}>
                  <th>{phase}</th>
                  <td>{ms.toLocaleString(undefined, { maximumFractionDigits: 1 })} ms</td>
                </tr>
              ))}
            </tbody>
          </table>
          {result.outputs.map(({ name: output, type, first }) => (
            <p key={output}>
              {output}: {type}
              <br />
              <code>{first.join(', ')}</code>
            </p>
          ))}
        </section>
      )}
      {model !== undefined && !work.isRunning && (
        <p class="buttons">
          <button type="button" disabled={isBusy} onClick={() => check({ ...model, engine })}>
            Compare with the reference
          </button>
          <button type="button" disabled={isBusy} onClick={() => time({ ...model, engine })}>
            Time each kernel
          </button>
          <a class="button" href={addressIn(model.name)}>
            Look inside
          </a>
        </p>
      )}
      <Status work={checked} />
      {checked.result !== undefined && <DifferenceView result={checked.result} />}
      <Status work={timed} />
      {timed.result !== undefined && <TimeView result={timed.result} />}
    </>
  );
}
