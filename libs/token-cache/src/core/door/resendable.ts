/** Whether a body is there in full, so that the same request can be sent once more; a body that is read while it is sent is gone then. */
export function isResendable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return true;
  return body instanceof URLSearchParams || body instanceof Blob || body instanceof FormData;
}
