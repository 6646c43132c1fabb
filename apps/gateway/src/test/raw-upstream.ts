import { type AddressInfo, createServer, type Socket } from 'node:net';

/** An upstream that speaks whatever bytes a test wants, once it has received something on a connection. */
export async function rawUpstream(answer: (socket: Socket) => void): Promise<{ url: string; close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      // A socket that is paused does not notice the end of its connection.
      for (const socket of sockets) socket.destroy();
    },
  };
}
