/** What `heddle/ort` has in Node. */
import { makeOrt } from './interface.js';
import { NODE } from './node-platform.js';

export { Tensor } from 'onnxruntime-common';

export const { InferenceSession, env, backend, listSupportedBackends } = makeOrt(NODE);
