import { type DestinationStream } from 'pino';

/** A stream that writes each line for people to read; undefined where `pino-pretty` is not installed, as in the image. */
export async function prettyStream(): Promise<DestinationStream | undefined> {
  try {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ destination: 1, sync: true, ignore: 'pid', singleLine: true });
  } catch {
    return undefined;
  }
}
