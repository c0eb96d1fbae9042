import { openWasmDevice } from '../../../dist/index.js';
import { onnxSide } from './onnx.mjs';

export const work = onnxSide(() => openWasmDevice());
