import { withoutCredentials } from './without-credentials.js';

const MOST_CAUSES = 5;

/** What a line says of an error. Further properties of it may hold a header or an answer. */
export interface ErrorFields {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: ErrorFields;
}

/** The fields of an error and its causes. */
export function errorFields(error: Error): ErrorFields {
  return fieldsOf(error, 0);
}

function fieldsOf(error: Error, depth: number): ErrorFields {
  const { code } = error as { code?: unknown };
  const hasCause = error.cause instanceof Error && depth < MOST_CAUSES;
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    message: withoutCredentials(error.message),
    ...(error.stack !== undefined && { stack: withoutCredentials(error.stack) }),
    ...(hasCause && { cause: fieldsOf(error.cause as Error, depth + 1) }),
  };
}
