interface Part {
  stop(): unknown;
}

/** The parts of a rig that run so far. Node 20 has no `AsyncDisposableStack`, of which this is the half that rigs need. */
export class RunningParts {
  private readonly parts: Part[] = [];

  add<T extends Part>(part: T): T {
    this.parts.push(part);
    return part;
  }

  onStop(stop: () => unknown): void {
    this.parts.push({ stop });
  }

  /** Stops all parts, the last one first, even if one of them fails to stop. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const part of this.parts.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} parts did not stop`);
  }
}

/** Starts several parts; those that run are stopped again when a later one does not start. */
export async function startTogether<T>(start: (running: RunningParts) => Promise<T>): Promise<T> {
  const running = new RunningParts();
  try {
    return await start(running);
  } catch (error) {
    // The reason why it did not start matters more than what becomes of the rest.
    await running.stop().catch(() => undefined);
    throw error;
  }
}
