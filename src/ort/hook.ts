/** The place where `@huggingface/transformers` looks for a runtime before it takes its own. */
import type { Env, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';

/** What it reads of a runtime. */
export interface Runtime {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  readonly env: Env;
}

/** Puts a runtime there; one that comes after the first import of `@huggingface/transformers` is ignored. */
export function registerRuntime({ InferenceSession, Tensor, env }: Runtime): void {
  Object.assign(globalThis, { [Symbol.for('onnxruntime')]: { InferenceSession, Tensor, env } });
}
