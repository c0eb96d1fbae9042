#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (WebAssembly): an initializer that the model lists among its inputs cannot be overridden. It is kept
# out of constant folding for that purpose, but `inputNames` lacks it, and a feed of its name is refused.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0
cat >finding.mjs <<'JS'
import * as ort from 'onnxruntime-web';
import { modelOf } from './model.mjs';
ort.env.logLevel = 'error';
const plain = modelOf(17, 'Mul', [['x', 'float32', [2]], ['scale', 'float32', [2]]], ['float32', [2]]);
// Messages that follow each other are one message: a graph with the initializer scale = [10, 100] is added.
const name = new TextEncoder().encode('scale');
const data = new Uint8Array(Float32Array.of(10, 100).buffer);
const field = (tag, content) => [tag, content.length, ...content];
const tensor = [0x08, 2, 0x10, 1, ...field(0x42, name), ...field(0x4a, data)];
const model = Uint8Array.from([...plain, ...field(0x3a, field(0x2a, tensor))]);
const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
const of = (...values) => new ort.Tensor('float32', Float32Array.from(values), [2]);
const { y } = await session.run({ x: of(1, 2) });
const refusal = await session.run({ x: of(1, 2), scale: of(3, 4) }).then(() => 'none', (error) => error.message);
console.log(`inputs: ${session.inputNames}; 1 and 2 times the initializer: ${y.data}; with a feed for it: ${refusal}`);
if (!(`${session.inputNames}` === 'x' && `${y.data}` === '10,200' && /invalid input 'scale'/.test(refusal)))
  throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
