/**
 * Software GPUs for a process that runs already. Node passes what is written to `process.env` on to the C library, where
 * the Vulkan loader looks whenever an instance is made; and a library that is loaded is found by its name, wherever it
 * lies. So no process has to be started with anything. (Worker threads are the exception: what they write to their
 * `process.env` stays there.)
 */
import { constants } from 'node:os';
import { addedDrivers, chosenDrivers, onlyDrivers, withoutDrivers } from './drivers.js';
import { findSoftwareGpus, offersLavapipe } from './index.js';

export type Variables = Readonly<Record<string, string>>;

/**
 * The variables with which to look for adapters, those to try first first. Drivers that the user has chosen are tried alone
 * before the software GPUs join them. Otherwise SwiftShader joins the drivers of the system; where the loader is too old
 * for that, the software GPUs by themselves are what is left.
 */
export function vulkanVariables(): readonly Variables[] {
  const { gpus, drivers } = findSoftwareGpus();
  if (gpus.length === 0) return [{}];
  if (chosenDrivers().length > 0) return [{}, onlyDrivers(drivers)];
  const beside = drivers.filter((_, i) => gpus[i] === 'swiftshader');
  return [beside.length === 0 ? {} : addedDrivers(beside), onlyDrivers(drivers)];
}

/** Variables to look for adapters with. */
export interface VulkanEnvironment {
  readonly variables: Variables;
  /** Whether they leave nothing out. */
  readonly complete: boolean;
}

/**
 * The environments of {@link vulkanVariables}; before them, where lavapipe is installed, the first without it. Dawn writes
 * two warnings to stderr whenever it looks at lavapipe, which nothing holds back: who has another GPU is not to see them.
 */
export function vulkanEnvironments(): readonly VulkanEnvironment[] {
  const all = vulkanVariables();
  const complete = all.map((variables) => ({ variables, complete: true }));
  if (!offersLavapipe()) return complete;
  return [{ variables: { ...all[0], ...withoutDrivers('*lvp_icd*') }, complete: false }, ...complete];
}

/** dlopen's flag that keeps a library loaded although Node closes it, as it does with all that are no addons. */
const RTLD_NODELETE = 0x1000;

/** Whether {@link loadVulkan} did its work: what a process has loaded stays loaded. */
let loaded = false;

/** Gives this process the Vulkan loader of SwiftShader's package where the system has none. Never throws. */
export function loadVulkan(): void {
  const { loader } = findSoftwareGpus();
  if (loaded || loader === undefined) return;
  loaded = true;
  if (!tryLoad('libvulkan.so.1', 0)) tryLoad(loader, RTLD_NODELETE);
}

/** Loads a library that is not an addon. Node complains of that once it is loaded, and in other words where it cannot be. */
function tryLoad(library: string, flags: number): boolean {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | flags);
    return true;
  } catch (error) {
    return error instanceof Error && /did not self-register/i.test(error.message);
  }
}

/** Settles when the last body of {@link withVariables} has ended: a process has one environment, hence one queue. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `body` with these variables in the environment, and takes them back when it has ended, so that what this process
 * starts later does not get them. What it starts meanwhile, while `body` is awaited, does. Bodies run one after another.
 */
export function withVariables<T>(variables: Variables, body: () => Promise<T>): Promise<T> {
  const next = turn.then(async () => {
    const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, variables);
    try {
      return await body();
    } finally {
      for (const [name, value] of before)
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
    }
  });
  turn = next.catch(() => undefined);
  return next;
}
