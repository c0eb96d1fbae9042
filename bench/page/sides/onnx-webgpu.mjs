import { openDevice } from '../../../dist/index.js';
import { onnxSide } from './onnx.mjs';

export const work = onnxSide(() => openDevice(navigator.gpu));
