#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (WebAssembly): pools with auto_pad SAME_UPPER pad as if there were no dilations, so that a stride of 1 does not
# keep the extent: 5 elements become 4 with a kernel of 2 and a dilation of 2, where the specification has 5. Conv refuses the same attributes.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0
cat >finding.mjs <<'JS'
import * as ort from 'onnxruntime-web';
import { modelOf } from './model.mjs';
const attributes = { auto_pad: 'SAME_UPPER', kernel_shape: [2], dilations: [2], strides: [1] };
const run = async (op, ...inputs) => {
  const named = inputs.map(([values, shape], i) => [`x${i}`, values, shape]);
  const model = modelOf(19, op, named.map(([name, , shape]) => [name, 'float32', shape]), ['float32', [1, 1, 5]], attributes);
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'], logSeverityLevel: 3 });
  const feeds = named.map(([name, values, shape]) => [name, new ort.Tensor('float32', Float32Array.from(values), shape)]);
  const { y } = await session.run(Object.fromEntries(feeds));
  return `[${y.dims}] ${Array.from(y.data)}`;
};
const x = [[1, 2, 3, 4, 5], [1, 1, 5]];
const refusal = await run('Conv', x, [[1, 1], [1, 1, 2]]).catch((error) => /Dilation not supported.*/.exec(error.message)?.[0]);
const found = [await run('MaxPool', x), await run('AveragePool', x), refusal];
['MaxPool', 'AveragePool', 'Conv'].forEach((op, i) => console.log(`${op}: ${found[i]}`));
if (found[0] !== '[1,1,4] 3,4,5,4' || found[1] !== '[1,1,4] 2,3,4,4' || refusal === undefined)
  throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
