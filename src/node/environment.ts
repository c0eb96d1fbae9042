/** For processes that cannot change their own environment. */
import { findSoftwareGpus } from '../softgpu/index.js';

/**
 * The variables that offer the software GPUs of this machine to a process that is started with them: one in another
 * language, or one that opens devices in worker threads. ({@link openNodeDevice} needs none in the main thread.) Empty
 * where there is no software GPU.
 */
export const softwareGpuEnvironment = (): Readonly<Record<string, string>> => findSoftwareGpus().env;
