#!/usr/bin/env bash
# onnxruntime 1.30.0: Cast of negative floats to uint8 depends on the package. The same version, the same model, CPU both:
#   onnxruntime-node (native x64)       -1 -> 255, -300.2 -> 212: the integer wraps.
#   onnxruntime-web (WebAssembly)       -1 -> 0,   -300.2 -> 0:   it stops at 0.
# In C++ the conversion is undefined, so each compiler has its own. The specification leaves it open since opset 13.
# What Heddle does: wraps, folded or at run time, on every device.
set -euo pipefail
source "$(dirname "$0")/common.sh"
packages onnxruntime-web@1.30.0 onnxruntime-node@1.30.0
cat >finding.mjs <<'JS'
import native from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { compute } from './model.mjs';
const cast = (ort, provider) =>
  compute(ort, provider, 13, 'Cast', [[[-1, -7.5, -300.2, 300]]], ['uint8', [4]], { to: 2 });
const found = { native: await cast(native, 'cpu'), web: await cast(web, 'wasm') };
console.log(found);
if (found.native.join() !== '255,249,212,44' || found.web.join() !== '0,0,0,44') throw new Error('the behaviour has changed');
process.exit(0);
JS
node finding.mjs
