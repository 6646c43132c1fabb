import { onFreePort } from './on-free-port.js';

describe('onFreePort', () => {
  it('tries another port when one was taken meanwhile', async () => {
    const ports: number[] = [];
    const start = async (port: number) => {
      if (ports.push(port) < 3) throw new Error('bind: Address already in use');
      return port;
    };
    const port = await onFreePort(start);
    expect(ports).toHaveLength(3);
    expect(port).toBe(ports[2]);
  });

  it('does not try again what fails for another reason', async () => {
    const start = jest.fn().mockRejectedValue(new Error('No such file'));
    await expect(onFreePort(start)).rejects.toThrow('No such file');
    expect(start).toHaveBeenCalledTimes(1);
  });

  it('gives up when every port is taken', async () => {
    const start = jest.fn().mockRejectedValue(new Error('listen EADDRINUSE: address already in use 127.0.0.1:1'));
    await expect(onFreePort(start, 3)).rejects.toThrow('already in use');
    expect(start).toHaveBeenCalledTimes(3);
  });
});
