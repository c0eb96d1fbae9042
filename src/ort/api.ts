/** What `heddle/ort` has in a page; its types are those in Node, too. */
import type { Backend, Env, InferenceSession as Session, InferenceSessionFactory } from 'onnxruntime-common';
import { makeOrt, type OrtInterface } from './interface.js';
import { PAGE } from './page-platform.js';

export { Tensor } from 'onnxruntime-common';
export type {
  Backend,
  Env,
  InferenceSessionFactory,
  InferenceSessionHandler,
  OnnxValue,
  TensorConstructor,
  TypedTensor,
} from 'onnxruntime-common';

const ort: OrtInterface = makeOrt(PAGE);

/** Makes sessions: `await InferenceSession.create(pathOrBytes, options)`. */
export const InferenceSession: InferenceSessionFactory = ort.InferenceSession;
export type InferenceSession = Session;
/** The types of options and results, under onnxruntime's names. */
export declare namespace InferenceSession {
  export type SessionOptions = Session.SessionOptions;
  export type RunOptions = Session.RunOptions;
  export type FeedsType = Session.FeedsType;
  export type FetchesType = Session.FetchesType;
  export type ReturnType = Session.ReturnType;
  export type OnnxValueMapType = Session.OnnxValueMapType;
  export type ValueMetadata = Session.ValueMetadata;
  export type TensorValueMetadata = Session.TensorValueMetadata;
  export type ExecutionProviderConfig = Session.ExecutionProviderConfig;
  export type ExecutionProviderName = Session.ExecutionProviderName;
}

/** Settings. Read are `wasm.numThreads`, and `powerPreference`, `forceFallbackAdapter` and `device` of `webgpu`. */
export const env: Env = ort.env;

/** For `registerBackend(name, backend, priority)` of another copy of onnxruntime-common, under a name of its own. */
export const backend: Backend = ort.backend;

export const listSupportedBackends = ort.listSupportedBackends;
