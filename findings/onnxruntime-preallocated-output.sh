#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (WebAssembly): a tensor on the CPU that is given for an output comes back as that output, but the
# result is not written into it: its elements are what they were before the run.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0
cat >finding.mjs <<'JS'
import * as ort from 'onnxruntime-web';
import { modelOf } from './model.mjs';
const model = modelOf(17, 'Neg', [['x', 'float32', [2]]], ['float32', [2]]);
const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
const x = new ort.Tensor('float32', Float32Array.of(1, 2), [2]);
const own = new ort.Tensor('float32', Float32Array.of(7, 7), [2]);
const fresh = await session.run({ x });
const { y } = await session.run({ x }, { y: own });
console.log(`Neg of 1 and 2: ${fresh.y.data}; into a tensor that is given: ${y.data} (the same tensor: ${y === own})`);
if (!(y === own && `${own.data}` === '7,7' && `${fresh.y.data}` === '-1,-2'))
  throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
