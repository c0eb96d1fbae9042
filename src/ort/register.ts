/**
 * `heddle/ort/register`: makes Heddle the runtime of `@huggingface/transformers`. Import it before that package, and ask for the
 * device `auto`.
 */
import * as ort from './api.js';
import { registerRuntime } from './hook.js';

registerRuntime(ort);
