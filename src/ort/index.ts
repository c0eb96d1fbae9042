/**
 * `heddle/ort`: onnxruntime's interface. A program for onnxruntime-web or onnxruntime-node runs after its import is changed:
 *
 *     import * as ort from 'heddle/ort';
 *
 *     const session = await ort.InferenceSession.create('model.onnx', { executionProviders: ['webgpu'] });
 *     const { y } = await session.run({ x: new ort.Tensor('float32', data, [1, 3, 224, 224]) });
 */
export * from './api.js';
export * as default from './api.js';
