/** Repeats each load in a loop of its own until `happens` has finished; the first failure fails the whole. */
export async function during(happens: () => Promise<unknown>, ...loads: (() => Promise<unknown>)[]): Promise<void> {
  let isOver = false;
  const loops = loads.map(async (load) => {
    while (!isOver) {
      await load();
    }
  });
  try {
    await Promise.race([happens(), Promise.all(loops)]);
  } finally {
    isOver = true;
    await Promise.allSettled(loops);
  }
  await Promise.all(loops);
}
