import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { askPm2 } from './ask-pm2.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

describe('askPm2', () => {
  let directory: TemporaryDirectory;
  let daemon: Server;

  async function daemonThat(answers: (socket: Socket) => void): Promise<void> {
    daemon = createServer((socket) => socket.on('error', () => undefined).once('data', () => answers(socket)));
    await new Promise<void>((resolve) => daemon.listen(join(directory.path, 'rpc.sock'), resolve));
  }

  const answerOf = (answer: object): Buffer => {
    const json = Buffer.from(`j:${JSON.stringify(answer)}`);
    return Buffer.concat([
      Buffer.of(0x12, 0, 0, json.length >> 8, json.length & 0xff),
      json,
      Buffer.from('\0\0\0\x03s:1'),
    ]);
  };

  beforeEach(() => (directory = temporaryDirectory()));

  afterEach(async () => {
    await new Promise((resolve) => daemon.close(resolve));
    directory.remove();
  });

  it('puts together an answer that comes in pieces', async () => {
    const processes = [{ name: 'gateway', note: 'é'.repeat(200) }];
    await daemonThat((socket) => {
      for (const byte of answerOf({ args: [processes] })) socket.write(Buffer.of(byte));
    });
    await expect(askPm2(directory.path, 'getMonitorData')).resolves.toEqual(processes);
  });

  it('tells the error of the daemon', async () => {
    await daemonThat((socket) => socket.end(answerOf({ error: 'method "none" does not exist' })));
    await expect(askPm2(directory.path, 'none')).rejects.toThrow('PM2 failed: method "none" does not exist');
  });

  it('fails when the daemon ends before its answer does', async () => {
    await daemonThat((socket) => socket.end(answerOf({ args: [[]] }).subarray(0, 9)));
    await expect(askPm2(directory.path, 'getMonitorData')).rejects.toThrow('before it answered: getMonitorData');
  });
});
