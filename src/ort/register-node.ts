/** `heddle/ort/register` in Node. */
import { registerRuntime } from './hook.js';
import * as ort from './node-api.js';

registerRuntime(ort);
