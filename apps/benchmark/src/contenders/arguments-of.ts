/** With what a method is called for the first time while something is done, so that the step can be done by itself. */
export async function argumentsOf<Name extends string, Arguments extends unknown[]>(
  target: { [name in Name]: (...args: Arguments) => unknown },
  name: Name,
  during: () => Promise<unknown>,
): Promise<Arguments> {
  const method = target[name];
  let heard: Arguments | undefined;
  target[name] = (...args: Arguments) => {
    heard ??= args;
    return method.apply(target, args);
  };
  try {
    await during();
  } finally {
    target[name] = method;
  }
  if (!heard) throw new Error(`${name} was not called`);
  return heard;
}
