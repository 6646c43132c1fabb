import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** Everything that came, as it came. */
  text: string;
}

/** Sends bytes as they are, and reads until the other side closes: HTTP clients tidy up what they send. */
export function rawRequest(port: number, lines: readonly string[], body = ''): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const finalHead = text.replace(/^HTTP\/1\.1 1\d\d [^]*?\r\n\r\n/, '');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(finalHead)?.[1] ?? 0), text });
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  });
}

/** A GET of a target that is sent as it is. */
export function rawGet(port: number, target: string, headers: readonly string[] = []): Promise<RawAnswer> {
  return rawRequest(port, [`GET ${target} HTTP/1.1`, 'Host: gateway', ...closing(headers), ...headers]);
}

/** A case may be about the `Connection` header itself, and then ends the connection with it. */
function closing(headers: readonly string[]): string[] {
  return headers.some((header) => /^connection:/i.test(header)) ? [] : ['Connection: close'];
}
