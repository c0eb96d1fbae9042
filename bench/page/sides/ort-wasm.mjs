import * as ort from '../../node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs';
import { ortSide } from './ort.mjs';

export const work = ortSide(ort, 'wasm');
