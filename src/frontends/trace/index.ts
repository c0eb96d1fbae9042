/** The tracing frontend: functions on tensors, compiled. */
export { jit, type CompiledFunction, type Jitted, type JitOptions } from './jit.js';
export type { NamedAxes } from './dynamic.js';
