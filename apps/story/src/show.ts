import { progressLine, terminalPicture } from './terminal-picture.js';
import { sentenceOf, type Telling } from './telling.js';

/** Lines of progress where nothing can be redrawn. */
const LINES = 12;

/** Shows the story while it goes on: a picture that is redrawn on a terminal, else lines. */
export class Show {
  private drawnLines = 0;
  private nextLineS = 0;

  constructor(
    private readonly output: NodeJS.WriteStream,
    private readonly noColour = Boolean(process.env['NO_COLOR']),
  ) {}

  progress(telling: Telling): void {
    if (this.output.isTTY) return this.draw(terminalPicture(telling, this.screen));
    if (telling.elapsedS < this.nextLineS) return;
    this.nextLineS = telling.elapsedS + telling.seconds / LINES;
    this.output.write(`${progressLine(telling)}\n`);
  }

  end(telling: Telling): void {
    this.draw(`${terminalPicture(telling, this.screen)}\n${sentenceOf(telling)}\n`);
  }

  private get screen() {
    return { columns: this.output.columns ?? 80, colours: this.output.isTTY && !this.noColour };
  }

  private draw(picture: string): void {
    const back = this.drawnLines > 0 ? `\x1b[${this.drawnLines}A\x1b[J` : '';
    this.output.write(`${back}${picture}`);
    this.drawnLines = this.output.isTTY ? picture.split('\n').length - 1 : 0;
  }
}
