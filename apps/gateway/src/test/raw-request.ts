import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** The whole answer, not parsed. */
  text: string;
}

/** Sends a request byte by byte as given, and reads until the server closes. HTTP clients would normalise the request. */
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

/** Sends a GET with a target that is not normalised. */
export function rawGet(port: number, target: string, headers: readonly string[] = []): Promise<RawAnswer> {
  return rawRequest(port, [`GET ${target} HTTP/1.1`, 'Host: gateway', ...closing(headers), ...headers]);
}

/** `Connection: close`, unless the test gives a `Connection` field itself. */
function closing(headers: readonly string[]): string[] {
  return headers.some((header) => /^connection:/i.test(header)) ? [] : ['Connection: close'];
}
