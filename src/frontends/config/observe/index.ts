/** Observers of networks: console, HTTP, iterator, recording and replay. */
export { httpObserver, type HttpObserver, type HttpOptions } from './http.js';
export { parseRecording } from './lines.js';
export {
  MEASURES,
  readObservations,
  type LayerObservation,
  type Measure,
  type Observation,
  type ObservationOptions,
  type ObservedMode,
} from './observation.js';
export {
  broadcast,
  consoleObserver,
  observationStream,
  recorder,
  replay,
  type BroadcastOptions,
  type ConsoleOptions,
  type ObservationStream,
  type Observer,
  type ReplayOptions,
  type StreamOptions,
} from './observer.js';
