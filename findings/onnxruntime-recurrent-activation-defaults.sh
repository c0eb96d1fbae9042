#!/usr/bin/env bash
# onnxruntime-node 1.30.0: activations of RNN, LSTM and GRU whose parameters are left out do not have the defaults of the
# operators of the same name, which the specification gives them:
#   RNN with ThresholdedRelu of 0.5    -> 0.5 (alpha is taken as 0)    the operator ThresholdedRelu of 0.5 -> 0 (alpha is 1)
#   RNN with Affine of 0.5             -> 0   (alpha is taken as 0; the operator's default was 1)
#   RNN with ScaledTanh of 0.5         -> 0   (alpha is taken as 0)
# LeakyRelu, HardSigmoid and Elu agree with their operators.
# What Heddle does: the defaults of the operators (src/frontends/onnx/ops/recurrent/activations.ts); models that want others
# have to say so.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-node@1.30.0
cat >finding.mjs <<'JS'
import ort from 'onnxruntime-node';
import { compute } from './model.mjs';
const [one, zero] = [1, 0].map((value) => [[value], [1, 1, 1]]);
/** f(x): a cell of one unit whose input weight is 1 and whose recurrent weight is 0. */
const cell = async (f, x) => {
  const inputs = [[[x], [1, 1, 1]], one, zero];
  const attributes = { hidden_size: 1, activations: [f] };
  return (await compute(ort, 'cpu', 14, 'RNN', inputs, ['float32', [1, 1, 1, 1]], attributes))[0];
};
const operator = async (f, x) => (await compute(ort, 'cpu', 14, f, [[[x]]], ['float32', [1]], {}))[0];
const found = {
  cells: [await cell('ThresholdedRelu', 0.5), await cell('Affine', 0.5), await cell('ScaledTanh', 0.5)],
  operator: await operator('ThresholdedRelu', 0.5),
  agree: await Promise.all(['LeakyRelu', 'HardSigmoid', 'Elu'].map(async (f) => (await cell(f, -2)) === (await operator(f, -2)))),
};
console.log(found);
const expected = { cells: [0.5, 0, 0], operator: 0, agree: [true, true, true] };
if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
