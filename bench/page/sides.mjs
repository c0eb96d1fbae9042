/** What is measured in pages. The first is what the outputs of the others are held against. */

const BOTH = ['page', 'worker'];

/**
 * @typedef {object} Side
 * @property {string} name of its file in sides/
 * @property {string} title
 * @property {'onnx' | 'bundle'} file what it downloads
 * @property {readonly ('page' | 'worker')[]} threads where it runs
 * @property {'wasm' | 'webgpu'} engine
 * @property {boolean} isPeer
 * @property {boolean} [isPeerless] it does what the peer does not: only its long tasks count
 * @property {'verify'} [then] what is done after the first result
 */

/** @type {readonly Side[]} */
export const SIDES = [
  { name: 'ort-wasm', title: 'onnxruntime-web, WebAssembly', file: 'onnx', threads: BOTH, engine: 'wasm', isPeer: true },
  { name: 'bundle-wasm', title: 'heddle, bundle, WebAssembly', file: 'bundle', threads: BOTH, engine: 'wasm', isPeer: false },
  { name: 'onnx-wasm', title: 'heddle, ONNX, WebAssembly', file: 'onnx', threads: BOTH, engine: 'wasm', isPeer: false },
  { name: 'ort-webgpu', title: 'onnxruntime-web, WebGPU', file: 'onnx', threads: BOTH, engine: 'webgpu', isPeer: true },
  { name: 'bundle-webgpu', title: 'heddle, bundle, WebGPU', file: 'bundle', threads: BOTH, engine: 'webgpu', isPeer: false },
  { name: 'onnx-webgpu', title: 'heddle, ONNX, WebGPU', file: 'onnx', threads: BOTH, engine: 'webgpu', isPeer: false },
  { name: 'verify-wasm', title: 'heddle, ONNX and verify, WebAssembly', file: 'onnx', threads: ['worker'], engine: 'wasm', isPeer: false, isPeerless: true, then: 'verify' },
  { name: 'training-wasm', title: 'heddle, 50 training steps, WebAssembly', file: 'onnx', threads: ['worker'], engine: 'wasm', isPeer: false, isPeerless: true },
]; // prettier-ignore
