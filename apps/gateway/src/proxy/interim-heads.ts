/** Where the digits of the status begin: after `HTTP/1.1 `. */
const STATUS_AT = 9;
const LAST_DIGIT_AT = STATUS_AT + 2;
const [LF, CR, ZERO, ONE, THREE] = ['\n', '\r', '0', '1', '3'].map((character) => character.charCodeAt(0));

/** Turns `100` into `103` in the heads of interim answers, in whatever pieces they come; it touches no final answer. */
export class InterimHeads {
  private isExpected = false;
  /** Bytes of the current head that were read. */
  private at = 0;
  private isContinue = false;
  private isLineEmpty = false;

  /** A request is sent: heads of interim answers may come, and then that of the final one. */
  expect(): void {
    this.isExpected = true;
    this.at = 0;
  }

  /** Changes the chunk in place. */
  rename(chunk: Buffer): void {
    for (let index = 0; this.isExpected && index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (this.at <= LAST_DIGIT_AT) this.readStatus(chunk, index, byte);
      this.at++;
      this.readLine(byte);
    }
  }

  private readStatus(chunk: Buffer, index: number, byte: number): void {
    if (this.at === STATUS_AT) {
      this.isExpected = this.isContinue = byte === ONE;
      this.isLineEmpty = false;
    } else if (this.at > STATUS_AT) {
      this.isContinue &&= byte === ZERO;
      if (this.at === LAST_DIGIT_AT && this.isContinue) chunk[index] = THREE!;
    }
  }

  /** An empty line ends the head, and the next head follows it. */
  private readLine(byte: number): void {
    if (byte !== LF) {
      if (byte !== CR) this.isLineEmpty = false;
    } else if (this.isLineEmpty && this.at > LAST_DIGIT_AT) this.at = 0;
    else this.isLineEmpty = true;
  }
}
