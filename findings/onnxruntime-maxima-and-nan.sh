#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (WebAssembly): one question, "what is the largest of these, one of which is NaN?", has several answers.
#   Max (elementwise)      NaN: it propagates.
#   ReduceMax              the largest number: NaN is passed over.
#   ArgMax                 the position of the NaN: it counts as the largest.
#   MaxPool                passed over in windows of 2, NaN in a window of 4.
# So x[ArgMax(x)] and ReduceMax(x) of one tensor are different values. The specification says nothing of NaN here.
# What Heddle does: all four let NaN win, on every device (docs/numerics.md).
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0
cat >finding.mjs <<'JS'
import * as ort from 'onnxruntime-web';
import { compute } from './model.mjs';
const x = [1, NaN, 3, 2];
const found = {
  Max: await compute(ort, 'wasm', 13, 'Max', [[x], [[0, 0, 0, 0]]], ['float32', [4]]),
  ReduceMax: await compute(ort, 'wasm', 13, 'ReduceMax', [[x]], ['float32', []], { axes: [0], keepdims: 0 }),
  MaxPoolOf2: await compute(ort, 'wasm', 12, 'MaxPool', [[x, [1, 1, 4]]], ['float32', [1, 1, 3]], { kernel_shape: [2] }),
  MaxPoolOf4: await compute(ort, 'wasm', 12, 'MaxPool', [[x, [1, 1, 4]]], ['float32', [1, 1, 1]], { kernel_shape: [4] }),
  ArgMax: await compute(ort, 'wasm', 13, 'ArgMax', [[x]], ['int64', []], { axis: 0, keepdims: 0 }),
};
console.log(found);
const expected = { Max: [1, NaN, 3, 2], ReduceMax: [3], MaxPoolOf2: [1, 3, 3], MaxPoolOf4: [NaN], ArgMax: [1] };
const text = (values) => Object.values(values).flat().map(String).join();
if (text(found) !== text(expected)) throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
