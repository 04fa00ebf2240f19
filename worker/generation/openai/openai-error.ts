/**
 * Refusals and failures in the shape that OpenAI's API gives them. Knows nothing of what was asked.
 * Source: platform.openai.com/docs/guides/error-codes.
 */

export type OpenAiErrorType = 'invalid_request_error' | 'rate_limit_error' | 'server_error';

export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: OpenAiErrorType;
    readonly param: string | null;
    readonly code: string | null;
  };
}

export class OpenAiError extends Error {
  override readonly name = 'OpenAiError';
  /** HTTP's. */
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    status: number,
    message: string,
    details: { readonly param?: string; readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.status = status;
    this.param = details.param ?? null;
    this.code = details.code ?? null;
  }

  body(): OpenAiErrorBody {
    const { message, param, code } = this;
    return { error: { message, type: typeOf(this.status), param, code } };
  }
}

/** Anything thrown; what is no OpenAiError yet is this server's fault. */
export function toOpenAiError(error: unknown): OpenAiError {
  if (error instanceof OpenAiError) return error;
  return new OpenAiError(500, error instanceof Error ? error.message : String(error), { cause: error });
}

function typeOf(status: number): OpenAiErrorType {
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
