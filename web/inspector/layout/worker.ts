/** Draws graphs off the page's own thread. */
import type { GraphReport, KernelFacts } from '../../../src/cli/reports/inspection/types.js';
import { sceneOf, type SceneOptions } from './scene.js';

export interface SceneRequest {
  readonly graph: GraphReport;
  readonly kernels: readonly KernelFacts[];
  readonly options: SceneOptions;
}

addEventListener('message', ({ data }: MessageEvent<SceneRequest>) => {
  postMessage(sceneOf(data.graph, data.kernels, data.options));
});
