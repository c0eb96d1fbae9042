#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (WebAssembly): Pow of integers is computed in doubles. Above 2^53 the powers of int64 numbers are
# rounded, squares among them, while Mul of the same numbers is exact; powers of int32 numbers saturate, while Mul wraps.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0
cat >finding.mjs <<'JS'
import * as ort from 'onnxruntime-web';
import { modelOf } from './model.mjs';
const ARRAYS = { int32: Int32Array, int64: BigInt64Array };
const compute = async (op, type, ...values) => {
  const model = modelOf(15, op, values.map((_, i) => [`x${i}`, type, [1]]), [type, [1]]);
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const feeds = values.map((value, i) => [`x${i}`, new ort.Tensor(type, ARRAYS[type].of(value), [1])]);
  return (await session.run(Object.fromEntries(feeds))).y.data[0];
};
const large = 94906267n;
const [square, product] = [await compute('Pow', 'int64', large, 2n), await compute('Mul', 'int64', large, large)];
const power = await compute('Pow', 'int64', 3n, 39n);
const [wide, wrapped] = [await compute('Pow', 'int32', 65536, 2), await compute('Mul', 'int32', 65536, 65536)];
console.log(`int64: Pow(${large}, 2) = ${square}, Mul = ${product}; Pow(3, 39) = ${power}, exact ${3n ** 39n}`);
console.log(`int32: Pow(65536, 2) = ${wide}, Mul = ${wrapped}`);
if (!(square !== product && product === large * large && power !== 3n ** 39n && wide !== wrapped && wrapped === 0))
  throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
