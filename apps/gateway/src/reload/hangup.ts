/**
 * Calls `reload` at each SIGHUP; one that comes while the gateway starts is obeyed once it serves. It is made before anything else is
 * loaded. The hang-up of a terminal still ends a gateway that was started in it.
 */
export class Hangup {
  private reload?: () => void;
  private isDue = false;

  constructor(isInTerminal = process.stdout.isTTY) {
    if (!isInTerminal) process.on('SIGHUP', () => this.hear());
  }

  /** From now on there is something to reload. */
  serve(reload: () => void): void {
    this.reload = reload;
    if (this.isDue) reload();
  }

  private hear(): void {
    if (this.reload) this.reload();
    else this.isDue = true;
  }
}
