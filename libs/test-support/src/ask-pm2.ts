import { connect } from 'node:net';
import { join } from 'node:path';

/** Number of bytes that tell the length of a field. */
const LENGTH_BYTES = 4;

/**
 * Calls a method of a PM2 daemon on its Unix socket, as the commands of PM2 do: their start takes most of a second of processor
 * time. A message is one of AMP, version 1: a byte with the number of fields, and each with its length before it. The first
 * field is JSON, the second tells answers apart.
 *
 * @throws Error of the system when no daemon listens, or of the daemon when it fails
 */
export async function askPm2(home: string, method: string): Promise<unknown> {
  const socket = connect(join(home, 'rpc.sock'));
  socket.write(messageOf(`j:${JSON.stringify({ type: 'call', method, args: [{}] })}`, 's:1'));
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    const [answer] = fieldsOf(received) ?? [];
    if (answer !== undefined) return resultOf(answer);
  }
  throw new Error(`PM2 closed its connection before it answered: ${method}`);
}

function messageOf(...fields: string[]): Buffer {
  const head = Buffer.of((1 << 4) | fields.length);
  return Buffer.concat([head, ...fields.flatMap((field) => [lengthOf(field), Buffer.from(field)])]);
}

function lengthOf(field: string): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(Buffer.byteLength(field));
  return length;
}

/** The fields of a message, once it is there in full. */
function fieldsOf(message: Buffer): string[] | undefined {
  const fields: string[] = [];
  let end = 1;
  for (let count = message.readUInt8(0) & 0x0f; count > 0; count--) {
    const start = end + LENGTH_BYTES;
    if (message.length < start) return undefined;
    end = start + message.readUInt32BE(start - LENGTH_BYTES);
    if (message.length < end) return undefined;
    fields.push(message.toString('utf8', start, end));
  }
  return fields;
}

function resultOf(answer: string): unknown {
  const { error, args = [] } = JSON.parse(answer.replace(/^j:/, '')) as { error?: string; args?: unknown[] };
  if (error !== undefined) throw new Error(`PM2 failed: ${error}`);
  return args[0];
}
