/** Networks, losses, optimisers, and what a training needs besides. */
export {
  checkpointMetadata,
  loadCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Json,
  type LoadedCheckpoint,
  type SaveOptions,
} from './checkpoint/index.js';
export { fit, type FitOptions, type FitProgress, type Stepped, type TrainState } from './fit.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export * as nn from './nn/index.js';
export * as optim from './optim/index.js';
