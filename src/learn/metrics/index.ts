/** How good results are: measures over numbers on the host, in doubles. */
export { adaptation, type AdaptationOptions, type AdaptationReport, type AdaptationWindow, type Answer, type TaskChange } from './adaptation.js'; // prettier-ignore
export { accuracy, argmaxRows, confusion, type ClassReport, type ConfusionReport } from './classification.js';
export { kMeans, silhouette, type Clusters, type KMeansOptions } from './clusters.js';
export {
  correlation,
  pearson,
  ranks,
  spearman,
  type ColumnSummary,
  type Correlation,
} from './correlation.js';
export {
  deviation,
  DEVIATION_BUCKETS,
  deviationOf,
  type DeviationBucket,
  type DeviationReport,
} from './deviation.js';
export { ensemble, type Correctness, type EnsemblePair, type EnsembleReport } from './ensemble.js';
export type { Numbers } from './arguments.js';
