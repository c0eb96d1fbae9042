/** Optimisers: pure functions of trees. */
export { accumulated, type AccumulatedState } from './accumulate.js';
export { adafactor, type AdafactorOptions, type AdafactorState } from './adafactor.js';
export { adam, adamw, type AdamOptions, type AdamState } from './adam.js';
export { clipByGlobalNorm, clipByValue, clipped, globalNorm, type ClipOptions } from './clip.js';
export type { DecayOptions } from './decay.js';
export { lamb } from './lamb.js';
export { lion, type LionOptions } from './lion.js';
export type { Optimizer, OptimizerState, Slots, StateOf } from './optimizer.js';
export { rmsprop, type RmspropOptions, type RmspropState } from './rmsprop.js';
export * as schedules from './schedules.js';
export type { Rate, Schedule } from './schedules.js';
export { sgd, type SgdOptions, type SgdState } from './sgd.js';
