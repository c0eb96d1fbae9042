/** Network configs in JSON: the third frontend. */
export { blueprint, type LayerBlueprint, type ModelBlueprint } from './blueprint.js';
export { Chain } from './chain.js';
export { graft, type Grafted, type GraftOptions, type Scion } from './graft.js';
export { fromConfig, type ConfigOptions, plainConfig } from './network.js';
export {
  fromLoomBundle,
  isLoomBundle,
  loomConfig,
  toLoomBundle,
  type LoomFormat,
  type LoomOptions,
} from './loom/bundle.js';
export {
  broadcast,
  consoleObserver,
  httpObserver,
  observationStream,
  parseRecording,
  readObservations,
  recorder,
  replay,
  type BroadcastOptions,
  type ConsoleOptions,
  type HttpObserver,
  type HttpOptions,
  type LayerObservation,
  type Measure,
  type Observation,
  type ObservationOptions,
  type ObservationStream,
  type ObservedMode,
  type Observer,
  type ReplayOptions,
  type StreamOptions,
} from './observe/index.js';
export { layerOutputs } from './outputs.js';
export { parseConfig } from './parse.js';
export { inputDType, networkProgram } from './program.js';
export {
  generate,
  type Brain,
  type CellMode,
  type Generated,
  type GenerateOptions,
  type SearchSpace,
} from './search/index.js';
export { CONFIG_SCHEMA } from './schema.js';
export { statistics, type LayerStatistics } from './statistics.js';
export { initTicks, tick, ticks, type Ticked, type TicksOptions, type TickState } from './ticks.js';
export {
  tween,
  type DampingState,
  type Tweened,
  type TweenOptions,
  type TweenReport,
  type TweenRule,
  type TweenState,
} from './tween/index.js';
export type * from './types.js';
