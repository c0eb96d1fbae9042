/**
 * Computing expressions. What is asked for is turned into one graph with all that it needs, compiled (or taken from the
 * backend's cache) and run at once.
 *
 * Values between are not kept: they are what fusion saves. Where one was computed before and something new is made from
 * it, it is kept this time, so that a loop which reads a value every round computes nothing more than twice. What is
 * computed twice has the same bits twice. What an op with several results gives is kept together, as far as tensors hold it.
 */
import { HeddleError } from '../../base/errors.js';
import { printType } from '../../ir/types.js';
import type { Backend, Storage } from '../backends/backend.js';
import { Lease } from '../../base/lease.js';
import type { Expr } from './expr.js';
import { hostDataOf } from '../tensors/host.js';
import { forEachInOrder, lower } from './lower.js';
import { REFERENCE } from '../backends/reference.js';

/** Makes sure that all of `targets` have data, in one run a backend. Throws TRACE_ESCAPED where one depends on a trace. */
export function materialize(targets: readonly Expr[]): void {
  const wanted = targets.filter((expr) => expr.storage === undefined);
  for (const expr of wanted) ensureConcrete(expr);
  for (const place of new Set(wanted.map((expr) => expr.place)))
    compute(
      wanted.filter((expr) => expr.place === place),
      place,
    );
}

function compute(wanted: readonly Expr[], place: Backend | undefined): void {
  const backend = place ?? REFERENCE;
  // What host data alone makes stays free to go anywhere: a device does not keep it.
  const again = keptBesides(wanted).filter((expr) => expr.place === place);
  const keep = [...new Set([...wanted, ...again])];
  const { graph, captured } = lower({
    name: 'eager',
    params: [],
    outputs: keep,
    capture: (expr) => expr.storage !== undefined,
  });
  const storages = captured.map((expr) => expr.storage!);
  const results = runOn(backend, storages, (inputs) => backend.computationOf(graph).run(inputs));
  keep.forEach((expr, i) => expr.settle(results[i]));
}

/** Runs with `storages`, taken to the backend for the run where they are not there. */
function runOn<T>(backend: Backend, storages: readonly Storage[], run: (inputs: readonly Storage[]) => T): T {
  const copies = new Lease();
  try {
    return run(storages.map((storage) => broughtTo(backend, storage, copies)));
  } finally {
    copies.release();
  }
}

/** `storage` on `backend`; a copy, which `copies` holds, where it lies on the host. */
export function broughtTo(backend: Backend, storage: Storage, copies: Lease): Storage {
  const here = onBackend(backend, storage);
  return here === storage ? here : copies.acquire(here);
}

/** `storage` on `backend`; a copy where it lies on the host. */
export function onBackend(backend: Backend, storage: Storage): Storage {
  if (storage.backend === backend || (storage.backend === undefined && backend === REFERENCE)) return storage;
  const data = hostDataOf(storage);
  if (data === undefined)
    throw new HeddleError('DEVICE_MISMATCH', 'the data lies on another device', {
      found: storage.backend?.name ?? 'host',
      expected: backend.name,
      hint: 'read it with `await x.toHost()` and bring it over with `tensor(data).to(backend)`',
    });
  return backend.upload(data);
}

export function ensureConcrete({ traces, type }: Expr): void {
  const [trace] = traces;
  if (trace === undefined) return;
  throw new HeddleError('TRACE_ESCAPED', `this tensor is an input of \`${trace.name}\`, or made from one`, {
    found: `a traced ${printType(type)} without data`,
    expected: 'a tensor that is not under trace',
    hint:
      'inside of jit, grad and vmap there are no values yet: choose by values with where, cond, whileLoop or scan; ' +
      'return what you want to read',
  });
}

/**
 * What was computed before without being kept, and is now needed by something new; and the other results of ops that have
 * several. Marks all as computed.
 */
function keptBesides(roots: readonly Expr[]): Expr[] {
  const pending: Expr[] = [];
  const operands = ({ origin }: Expr): readonly Expr[] => (origin.kind === 'op' ? origin.inputs : []);
  forEachInOrder(roots, operands, (expr) => {
    if (expr.origin.kind === 'op') pending.push(expr);
  });
  const again = new Set<Expr>();
  for (const expr of pending) {
    for (const part of expr.parts) if (part.isHeld && part.storage === undefined) again.add(part);
    if (expr.wasComputed) continue;
    for (const input of operands(expr))
      if (input.wasComputed && operands(input).length > 0 && input.parts.length === 0) again.add(input);
  }
  for (const expr of pending) expr.markComputed();
  return [...again];
}
