const machineNow = Date.now.bind(Date);

/** Sets the wall clock of this process, as if its host's were wrong; the monotonic clock is not touched. */
export function skewWallClock(ms: number): void {
  Date.now = () => machineNow() + ms;
}
