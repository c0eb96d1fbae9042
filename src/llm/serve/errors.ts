/** Errors in OpenAI's form. */
import { HeddleError, type ErrorCode } from '../../base/errors.js';

/** Faults of a request, by their codes. All others are faults of the server. */
const REQUEST_FAULTS: readonly ErrorCode[] = ['USAGE', 'LLM_CONTEXT', 'LLM_TEMPLATE', 'LLM_GRAMMAR'];

/** A request that cannot be answered. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly parameter: string | null = null,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** The body of an answer that says what went wrong. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** Status and body for what was thrown. */
export function answerFor(error: unknown): { readonly status: number; readonly body: ErrorBody } {
  const status = error instanceof RequestError ? error.status : isRequestFault(error) ? 400 : 500;
  const message = error instanceof Error ? error.message : String(error);
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  const param = error instanceof RequestError ? error.parameter : null;
  const code = error instanceof RequestError ? error.code : codeOf(error);
  return { status, body: { error: { message, type, param, code } } };
}

const isRequestFault = (error: unknown): error is HeddleError =>
  error instanceof HeddleError && REQUEST_FAULTS.includes(error.code);

function codeOf(error: unknown): string | null {
  if (!(error instanceof HeddleError)) return null;
  return error.code === 'LLM_CONTEXT' ? 'context_length_exceeded' : error.code;
}
