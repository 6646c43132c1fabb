import { Hangup } from './hangup.js';

describe('SIGHUP', () => {
  const listeners = process.listeners('SIGHUP');

  afterEach(() => {
    process.removeAllListeners('SIGHUP');
    listeners.forEach((listener) => process.on('SIGHUP', listener));
  });

  it('reloads each time', () => {
    let reloads = 0;
    new Hangup(false).serve(() => reloads++);
    process.emit('SIGHUP');
    process.emit('SIGHUP');

    expect(reloads).toBe(2);
  });

  it('while the gateway starts is obeyed once it serves, however often it came', () => {
    const hangup = new Hangup(false);
    process.emit('SIGHUP');
    process.emit('SIGHUP');
    let reloads = 0;
    hangup.serve(() => reloads++);

    expect(reloads).toBe(1);
  });

  it('ends a gateway that was started in a terminal, as it ends every program there', () => {
    new Hangup(true);

    expect(process.listeners('SIGHUP')).toEqual(listeners);
  });
});
