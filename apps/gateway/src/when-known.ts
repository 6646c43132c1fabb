/**
 * Goes on at once with a value that is there, and else once it is. `failed` hears of whatever `find` and `use` throw or reject with:
 * an error that nobody caught would end the process, with all that it has in work.
 */
export function whenKnown<Value>(
  find: () => Value | Promise<Value>,
  use: (value: Value) => void,
  failed: (error: Error) => void,
): void {
  try {
    const value = find();
    if (value instanceof Promise) value.then(use).catch(failed);
    else use(value);
  } catch (error) {
    failed(error as Error);
  }
}
