/** All families, one row each. */
import { API } from './api.js';
import { bundles } from './bundles.js';
import { configs, loom } from './configs.js';
import { csv } from './csv.js';
import type { InputFamily } from './family.js';
import { gguf } from './gguf.js';
import { idx } from './idx.js';
import { irText } from './ir-text.js';
import { npy } from './npy.js';
import { onnxBytes, onnxModels } from './onnx.js';
import { patches } from './patches.js';
import { pb } from './pb.js';
import { checkpoints, safetensors } from './safetensors.js';

export const FAMILIES: readonly InputFamily[] = [
  API,
  onnxBytes,
  onnxModels,
  patches,
  pb,
  npy,
  safetensors,
  checkpoints,
  bundles,
  gguf,
  irText,
  csv,
  idx,
  configs,
  loom,
];
