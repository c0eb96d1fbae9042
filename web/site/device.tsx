/** The device page: tests the visitor's GPU, and gives a report to keep or send. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { save, Status } from './parts.js';
import { isExact, packReport, unpackReport, type DeviceReport } from './report.js';
import { useWork } from './work.js';

const PARAMETER = 'report=';

export function DevicePage({ hash }: { hash: string }): JSX.Element {
  const [work, start] = useWork('device');
  const [sent, setSent] = useState<DeviceReport | string | undefined>(undefined);
  useEffect(() => {
    const at = hash.indexOf(PARAMETER);
    if (at < 0) return setSent(undefined);
    unpackReport(hash.slice(at + PARAMETER.length)).then(setSent, (error: unknown) =>
      setSent(`The link holds no report: ${String(error)}`),
    );
  }, [hash]);
  return (
    <>
      <h1>Is your GPU exact?</h1>
      <p>
        Heddle promises the same bits on every device. This page runs its tests on yours: some thousand
        operations with known results, every kind of kernel, and three small networks, value by value. It
        takes a minute at most, and nothing leaves this machine.
      </p>
      <p>
        <button type="button" class="main" disabled={work.isRunning} onClick={() => start({})}>
          Test this device
        </button>
      </p>
      <Status work={work} />
      {work.result !== undefined && <Report report={work.result} />}
      {work.result === undefined && typeof sent === 'object' && (
        <>
          <p class="note">This report came with the link; it is of another visit.</p>
          <Report report={sent} />
        </>
      )}
      {typeof sent === 'string' && <p class="error">{sent}</p>}
    </>
  );
}

function Report({ report }: { report: DeviceReport }): JSX.Element {
  const { adapter, profile, passed, failures, models, browser, time } = report;
  const [link, setLink] = useState('');
  useEffect(() => {
    void packReport(report).then((packed) => setLink(`${location.href.split('#')[0]}#device?${PARAMETER}${packed}`)); // prettier-ignore
  }, [report]);
  const exact = isExact(report);
  return (
    <section aria-label="Report">
      <h2 class={exact ? 'good' : 'bad'}>
        {exact ? 'Exact: every result has the bits of its definition.' : 'Not exact: some results differ.'}
      </h2>
      <dl>
        <dt>adapter</dt>
        <dd>
          {adapter.name}
          {adapter.software ? ' (a CPU plays the GPU)' : ''}
        </dd>
        <dt>browser</dt>
        <dd>{browser}</dd>
        <dt>tested</dt>
        <dd>{new Date(time).toLocaleString()}</dd>
        <dt>computes with</dt>
        <dd>
          {Object.entries(profile)
            .map(([name, value]) => `${name}: ${value}`)
            .join(', ')}
        </dd>
        <dt>patterns</dt>
        <dd>
          {passed.toLocaleString()} right, {failures.length.toLocaleString()} wrong
        </dd>
      </dl>
      {failures.length > 0 && (
        <ul>
          {failures.map(({ group, name, element, inputs = [], expected, found }) => (
            <li key={`${group} ${name}`}>
              {group}, {name}: element {element} of{' '}
              {inputs.map((word) => `0x${word}`).join(', ') || 'the result'} is 0x
              {found}, and should be 0x{expected}
            </li>
          ))}
        </ul>
      )}
      <ul>
        {models.map(({ model, kernels, values, differences, first }) => (
          <li key={model}>
            {model}: {kernels} kernels, {values.toLocaleString()} values, {differences} differ
            {first !== undefined && <pre class="error">{first}</pre>}
          </li>
        ))}
      </ul>
      <p>
        <button
          type="button"
          onClick={() =>
            save('heddle-device.json', `${JSON.stringify(report, null, 2)}\n`, 'application/json')
          }
        >
          Save as JSON
        </button>{' '}
        <a href={link}>Link with this report</a>
      </p>
    </section>
  );
}
