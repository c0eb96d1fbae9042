/** Training, saved and resumed. */
export {
  checkpointMetadata,
  loadCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Json,
  type LoadedCheckpoint,
  type SaveOptions,
} from './checkpoint.js';
