/** Goes on at once with a value that is there, and else once it is; `failed` hears of a promise that rejects. */
export function whenKnown<Value>(
  value: Value | Promise<Value>,
  use: (value: Value) => void,
  failed: (error: Error) => void,
): void {
  if (value instanceof Promise) value.then(use, failed);
  else use(value);
}
