/** Operators on quantised tensors. */
import type { OpTable } from '../../registry.js';
import { blocks } from './blocks.js';
import { integerContractions } from './contraction.js';
import { linear } from './linear.js';
import { microsoft } from './microsoft.js';

export const quantization: OpTable = [...linear, ...integerContractions, ...microsoft, ...blocks];
