#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (WebAssembly): Sigmoid has an absolute error, not a relative one. It is 0 from about -18 on, where the
# float nearest to the true value is 1.5e-8, and Gelu of -infinity is NaN. Exp of the same library is right down to
# subnormals, so that 1 / (1 + Exp(-x)), written out in a model, and Sigmoid differ in every bit there. A log of such a
# probability is -infinity.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0
cat >finding.mjs <<'JS'
import * as ort from 'onnxruntime-web';
import { compute } from './model.mjs';
const x = [-10, -16, -18, -30];
const sigmoid = await compute(ort, 'wasm', 13, 'Sigmoid', [[x]], ['float32', [4]]);
const exp = await compute(ort, 'wasm', 13, 'Exp', [[x]], ['float32', [4]]);
const [gelu] = await compute(ort, 'wasm', 20, 'Gelu', [[[-Infinity]]], ['float32', [1]]);
x.forEach((value, i) => {
  const exact = Math.fround(1 / (1 + Math.exp(-value)));
  console.log(`Sigmoid(${value}) = ${sigmoid[i]}, exact ${exact}; Exp(${value}) = ${exp[i]}`);
});
console.log(`Gelu(-Infinity) = ${gelu}`);
const off = x.map((value, i) => Math.abs(sigmoid[i] * (1 + Math.exp(-value)) - 1));
if (!(off[0] < 1e-3 && off[1] > 0.1 && sigmoid[2] === 0 && sigmoid[3] === 0 && exp[3] > 0 && Number.isNaN(gelu)))
  throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
