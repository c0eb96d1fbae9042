/**
 * Scopes in which tensors are cleaned up. `tidy` has to know what is made while it runs, wherever that happens: this is
 * the one thing in the frontend that is not handed from call to call.
 */
interface Disposable {
  dispose(): void;
}

interface Scope {
  readonly made: Set<Disposable>;
  readonly outer: Scope | undefined;
}

const current: { scope: Scope | undefined } = { scope: undefined };

/** Notes a new tensor in the innermost scope. */
export function track(tensor: Disposable): void {
  current.scope?.made.add(tensor);
}

/**
 * Runs `body` and disposes what was made meanwhile, except for what `kept` finds in the result, which the scope around
 * takes over.
 */
export function inScope<R>(body: () => R, kept: (result: R) => readonly Disposable[]): R {
  const scope: Scope = { made: new Set(), outer: current.scope };
  current.scope = scope;
  try {
    const result = body();
    for (const tensor of kept(result)) {
      if (scope.made.delete(tensor)) scope.outer?.made.add(tensor);
    }
    return result;
  } finally {
    current.scope = scope.outer;
    for (const tensor of scope.made) tensor.dispose();
  }
}
