import { prettyFactory } from 'pino-pretty';

/** Passes the output of a process on: on a terminal its lines of JSON for people to read, elsewhere all lines as they are. */
export function readable(stream) {
  if (!stream.isTTY) return (text) => stream.write(text);
  const pretty = prettyFactory({ colorize: true, ignore: 'pid', singleLine: true });
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) stream.write(line.startsWith('{') ? pretty(line) : `${line}\n`);
  };
}

/** What a line of the log says, if it says why the process ends; a line of something else is told as it is. */
export function reasonIn(line) {
  if (!line.startsWith('{"level":')) return line;
  const { level, msg, err } = JSON.parse(line);
  return level === 'fatal' ? (err?.stack ?? msg) : '';
}
