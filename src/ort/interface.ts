/** onnxruntime's interface over Heddle: sessions, and the backend for `registerBackend`, both of one set of devices. */
import type {
  Backend,
  Env,
  InferenceSession as OrtSession,
  InferenceSessionFactory,
} from 'onnxruntime-common';
import { makeEnv } from './env.js';
import type { Platform } from './platform.js';
import { PROVIDERS, Providers } from './providers.js';
import { Session } from './session.js';
import { readSource, sourceArguments, type ModelFile } from './source.js';

export interface OrtInterface {
  readonly InferenceSession: InferenceSessionFactory;
  readonly env: Env;
  /** For `registerBackend(name, backend, priority)` of the copy of onnxruntime-common that the program uses. */
  readonly backend: Backend;
  /** What a session can run on, and whether it can here. */
  listSupportedBackends(): { readonly name: string; readonly bundled: boolean }[];
}

/** The interface on a platform. It opens nothing until a session is made. */
export function makeOrt(platform: Platform): OrtInterface {
  const { env, settings } = makeEnv(() => providers.gpuDevice());
  const providers: Providers = new Providers(platform, settings);
  const open = async (model: ModelFile, options: OrtSession.SessionOptions): Promise<Session> => {
    const source = await readSource(model, options, platform);
    const lease = await providers.open(options);
    try {
      return await Session.open(source, options, lease);
    } catch (error) {
      lease.release();
      throw error;
    }
  };
  return {
    env,
    InferenceSession: {
      create: async (...given: readonly unknown[]): Promise<OrtSession> =>
        new PublicSession(await open(...sourceArguments(given))),
    },
    backend: {
      init: () => Promise.resolve(),
      createInferenceSessionHandler: async (...given: readonly unknown[]) => {
        const [model, options] = sourceArguments(given);
        return open(model, ownProviders(options));
      },
    },
    listSupportedBackends: () => PROVIDERS.map((name) => ({ name, bundled: true })),
  };
}

/** A backend is asked for by whatever name it was registered under, which says nothing of the device. */
function ownProviders(options: OrtSession.SessionOptions): OrtSession.SessionOptions {
  const nameOf = (config: OrtSession.ExecutionProviderConfig): string =>
    typeof config === 'string' ? config : config.name;
  const own = (options.executionProviders ?? []).filter((config) =>
    PROVIDERS.some((name) => name === nameOf(config)),
  );
  return { ...options, executionProviders: own };
}

/** A session as programs see it: not frozen, since some write to it. */
class PublicSession implements OrtSession {
  constructor(private readonly session: Session) {}

  run(feeds: OrtSession.FeedsType, ...rest: unknown[]): Promise<OrtSession.ReturnType> {
    return this.session.run(feeds, ...(rest as [OrtSession.FetchesType, OrtSession.RunOptions]));
  }

  release(): Promise<void> {
    return this.session.dispose();
  }

  startProfiling(): void {
    this.session.startProfiling();
  }

  endProfiling(): void {
    this.session.endProfiling();
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  get inputMetadata(): readonly OrtSession.ValueMetadata[] {
    return this.session.inputMetadata;
  }

  get outputMetadata(): readonly OrtSession.ValueMetadata[] {
    return this.session.outputMetadata;
  }

  /** The device that it runs on, in words. */
  get device(): string {
    return this.session.device;
  }
}
