import { once } from 'node:events';
import { type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** What a peer says while the event loop of the test stands still: one piece after another. */
export interface Speech {
  readonly pieces: readonly string[];
  readonly everyMs: number;
}

/** Blocks the event loop of the test at the worst moment: after it, timers run before sockets are read. */
export async function stall(forMs: number): Promise<void> {
  await turn();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

/** A caller or an upstream on a thread of its own: its bytes arrive while the event loop of the test stands still. */
export class FarPeer {
  private heard = '';

  private constructor(
    private readonly thread: Worker,
    private readonly isDone: Int32Array,
    /** Where it connected to, or listens. */
    readonly port: number,
  ) {
    thread.on('message', (text: string) => (this.heard += text));
  }

  /** Connects to a port of this machine. */
  static async caller(port: number): Promise<FarPeer> {
    return FarPeer.start({ port });
  }

  /** Listens on a port of its own, and speaks on the connection that came last. */
  static async upstream(): Promise<FarPeer> {
    return FarPeer.start({});
  }

  private static async start(options: { port?: number }): Promise<FarPeer> {
    const isDone = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(`(${String(runPeer)})()`, { eval: true, workerData: { ...options, isDone } });
    const [port] = (await once(thread, 'message')) as [number];
    return new FarPeer(thread, isDone, port);
  }

  /** What it has received. */
  received(): string {
    return this.heard;
  }

  /** Says something. */
  say(text: string): void {
    this.thread.postMessage({ pieces: [text], everyMs: 0, isAwaited: false });
  }

  /** Blocks the event loop of the test for as long as the peer speaks, at the same moment as `stall`. */
  async speakDuringStall({ pieces, everyMs }: Speech): Promise<void> {
    await turn();
    Atomics.store(this.isDone, 0, 0);
    this.thread.postMessage({ pieces, everyMs, isAwaited: true });
    const { length } = pieces;
    if (Atomics.wait(this.isDone, 0, 0, 60_000) === 'timed-out')
      throw new Error(`The peer did not say its ${length} pieces`);
  }

  async close(): Promise<void> {
    await this.thread.terminate();
  }
}

/** The program of the thread, which has nothing else of this module. */
function runPeer(): void {
  const { connect, createServer } = process.getBuiltinModule('node:net');
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { port, isDone } = workerData as { port?: number; isDone: Int32Array };
  let socket: Socket | undefined;
  let whenConnected: (() => void) | undefined;
  const use = (connection: Socket): void => {
    socket = connection.on('error', () => {}).on('data', (bytes) => parentPort!.postMessage(String(bytes)));
    whenConnected?.();
    whenConnected = undefined;
  };
  if (port !== undefined) use(connect(port, '127.0.0.1', () => parentPort!.postMessage(port)));
  else {
    const server = createServer({ allowHalfOpen: true }, use).listen(0, '127.0.0.1', () => {
      parentPort!.postMessage((server.address() as AddressInfo).port);
    });
  }
  parentPort!.on('message', ({ pieces, everyMs, isAwaited }: Speech & { isAwaited: boolean }) => {
    const speakFrom = (index: number): void => {
      if (index < pieces.length) {
        socket!.write(pieces[index]!, () => setTimeout(() => speakFrom(index + 1), everyMs));
        return;
      }
      if (!isAwaited) return;
      Atomics.store(isDone, 0, 1);
      Atomics.notify(isDone, 0);
    };
    if (socket) speakFrom(0);
    else whenConnected = () => speakFrom(0);
  });
}
