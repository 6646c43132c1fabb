import { Logger } from '@nestjs/common';
import { capturedLog } from '../test/captured-log.js';
import { type LogLevel } from './log-level.js';
import { NestLog } from './nest-log.js';

describe('What is logged through Nest', () => {
  /** The lines of what is logged with the context `Tokens`. */
  function linesOf(write: (logger: Logger) => void, level: LogLevel = 'trace', context = 'Tokens') {
    const captured = capturedLog(level);
    Logger.overrideLogger(new NestLog(captured.log));
    write(new Logger(context));
    return captured.lines;
  }

  it.each([
    ['verbose', 'trace'],
    ['debug', 'debug'],
    ['log', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['fatal', 'fatal'],
  ] as const)('by %s becomes one line of level %s with context and worker', (method, level) => {
    expect(linesOf((logger) => logger[method]('it happened'))).toEqual([
      expect.objectContaining({ level, context: 'Tokens', msg: 'it happened', worker: '0', pid: process.pid }),
    ]);
  });

  it('about the start of Nest itself has the level debug', () => {
    expect(linesOf((logger) => logger.log('AppModule dependencies initialized'), 'trace', 'InstanceLoader')).toEqual([
      expect.objectContaining({ level: 'debug' }),
    ]);
  });

  it('below the level is not written', () => {
    expect(linesOf((logger) => logger.log('it happened'), 'warn')).toEqual([]);
  });

  it('stays one line, whatever is in it', () => {
    const captured = capturedLog();
    new NestLog(captured.log).warn('one\ntwo %s {"level":"fatal"}', 'Tokens');

    expect(captured.text().split('\n')).toHaveLength(2);
    expect(captured.lines).toEqual([expect.objectContaining({ level: 'warn', msg: 'one\ntwo %s {"level":"fatal"}' })]);
  });

  it('as an error holds its kind, code, stack and causes, and no other property', () => {
    const cause = new Error('sent Authorization: Bearer s3cret-token');
    const error = Object.assign(new TypeError('failed', { cause }), {
      code: 'ECONNRESET',
      config: { headers: { authorization: 's3cret-token' } },
    });

    const [line] = linesOf((logger) => logger.error(error));
    expect(line).toMatchObject({
      msg: 'failed',
      err: {
        type: 'TypeError',
        code: 'ECONNRESET',
        stack: expect.stringContaining('nest-log.spec'),
        cause: { message: 'sent Authorization: [hidden]' },
      },
    });
    expect(JSON.stringify(line)).not.toContain('s3cret-token');
  });

  it('with a stack of its own holds it without credentials', () => {
    const stack = 'Error: Bearer s3cret-token\n    at f (file.js:1:1)';

    const [line] = linesOf((logger) => logger.error('failed', stack));
    expect(line).toMatchObject({ msg: 'failed', stack: 'Error: Bearer [hidden]\n    at f (file.js:1:1)' });
  });
});
