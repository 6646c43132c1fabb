import { type Socket } from 'node:net';

/** Tells of each chunk that is read from a socket, before its reader has it. */
export function onEachRead(socket: Socket, tell: (chunk: Buffer) => void): void {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  socket.read = (size) => {
    const chunk = read(size);
    if (chunk) tell(chunk);
    return chunk;
  };
}
