/** Whether a body is there in full, so that the same request can be sent once more; anything that is read while it is sent is gone then. */
export function isResendable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  return ArrayBuffer.isView(body) || body instanceof ArrayBuffer;
}
