/** Why work failed, for the page. */
import { HeddleError } from 'heddle';
import { missingIn } from 'heddle/inspection';
import type { Asked, Failed } from '../protocol.js';

/** Of a model it says what operators are missing; of a program, which line it is. */
export function failureOf(error: unknown, asked: Asked): Failed {
  const missing = 'bytes' in asked ? missingIn(asked.name, asked.bytes, error) : undefined;
  const line = asked.kind === 'jit' ? lineOf(error) : undefined;
  return {
    error: error instanceof HeddleError ? error.message : String(error),
    ...(missing === undefined ? {} : { missing }),
    ...(line === undefined ? {} : { line }),
  };
}

/** The line of a program that an error is of, from 1: where its syntax is wrong, or its innermost call. */
function lineOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { loc } = error as { readonly loc?: { readonly line: number } };
  const called = /program\.ts:(\d+)/.exec(`${error.stack ?? ''}\n${error.message}`)?.[1];
  return loc?.line ?? (called === undefined ? undefined : Number(called));
}
