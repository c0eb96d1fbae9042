/** The inspector in the site: of a file that is dropped or chosen, of an example, or of what another page gives. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import digits from '../../models/digits.onnx?url';
import { parseState } from '../inspector/address.js';
import type { Lab } from '../inspector/lab.js';
import { addressIn, INSPECT } from './inspect-address.js';
import { DropZone, Status } from './parts.js';
import { InspectorFrame } from './inspector-frame.js';

import type { Given, PageProps } from './page.js';
import type { NamedFile } from './protocol.js';
import { inWorker, useWork } from './work.js';

/** A network as JSON, to have something with a loop to look at. */
const RECURRENT = `{
  "input": [12, 8],
  "seed": 1,
  "layers": [
    { "type": "lstm", "hidden_size": 16 },
    { "type": "dense", "output_size": 4, "activation": "softmax" }
  ]
}
`;

const EXAMPLES: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'digits.onnx': async () => new Uint8Array(await (await fetch(digits)).arrayBuffer()),
  'lstm.json': () => Promise.resolve(new TextEncoder().encode(RECURRENT)),
};

/** Workers of the site measure what is in a file. */
const labOf = (file: NamedFile): Lab => ({
  verify: (measuring, hear) => inWorker('verify')({ ...file, ...measuring }, hear),
  step: (request, hear) => inWorker('step')({ ...file, ...request }, hear),
  time: (measuring, hear) => inWorker('time')({ ...file, ...measuring }, hear),
});

export function InspectPage({ hash, given, give }: PageProps): JSX.Element {
  const [work, start, end] = useWork('inspect');
  const [shown, setShown] = useState<Given | undefined>(undefined);
  const { model } = parseState(hash);
  const lab = useMemo(() => (shown !== undefined && 'bytes' in shown ? labOf(shown) : undefined), [shown]);
  const show = (shownNow: Given): void => {
    setShown(shownNow);
    if ('report' in shownNow) end();
    else start(shownNow);
  };
  useEffect(() => {
    if (model === undefined || model === shown?.name) return;
    if (given?.name === model) show(given);
    else if (Object.hasOwn(EXAMPLES, model))
      void EXAMPLES[model]().then((bytes) => show({ name: model, bytes }));
    else {
      end();
      setShown(undefined);
    }
  }, [model]);
  const take = async (file: File): Promise<void> => {
    const dropped = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    give(dropped);
    if (model === dropped.name) show(dropped);
    else location.hash = addressIn(dropped.name);
  };
  const report =
    given !== undefined && 'report' in given && given.name === shown?.name ? given.report : work.result;
  const isLost = model !== undefined && shown === undefined && !Object.hasOwn(EXAMPLES, model);
  return (
    <div class="inspect">
      <h1>Inspect a model</h1>
      <DropZone
        label="A model, a bundle or a config"
        accept=".onnx,.heddle,.json"
        onFile={(file) => void take(file)}
      >
        {Object.keys(EXAMPLES).map((name) => (
          <a key={name} href={addressIn(name)}>
            {name}
          </a>
        ))}
      </DropZone>
      {isLost && (
        <p class="note">This address is of {model}, a file that only its visitor has: drop it here.</p>
      )}
      <Status work={work} />
      {report !== undefined && <InspectorFrame report={report} page={INSPECT} lab={lab} />}
    </div>
  );
}
