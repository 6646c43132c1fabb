import { Host } from './host.js';
import { VirtualTime } from './virtual-time.js';

const never = (): boolean => false;

describe('VirtualTime', () => {
  let time: VirtualTime;
  let happened: string[];
  const note = (what: string) => (): void => void happened.push(`${what} at ${time.now}`);

  beforeEach(() => {
    time = new VirtualTime();
    happened = [];
  });

  it('lets things happen in the order of their instants, and of their arrival when they are due together', async () => {
    const host = new Host('one');
    time.after(20, host, note('late'));
    time.after(10, host, note('first'));
    time.after(10, host, note('second'));
    await time.run(100, never);
    expect(happened).toEqual(['first at 10', 'second at 10', 'late at 20']);
    expect(time.now).toBe(100);
  });

  it('holds what falls due on a paused host until it goes on', async () => {
    const host = new Host('one');
    time.after(10, host, note('message'));
    time.after(20, host, note('timer'), 'timer');
    time.after(30, time.world, () => time.resume(host, true));
    host.isPaused = true;
    await time.run(100, never);
    expect(happened).toEqual(['timer at 30', 'message at 30']);
  });

  it('lets timers and the monotonic clock of a host stand still while its machine sleeps, and its wall clock go on', async () => {
    const host = new Host('one');
    const uninstall = time.install();
    try {
      time.after(0, host, () => {
        const wallAt = Date.now();
        const monotonicAt = performance.now();
        const tell = (): void =>
          void happened.push(`wall ${Date.now() - wallAt}, monotonic ${performance.now() - monotonicAt}`);
        for (const delayMs of [20, 50]) setTimeout(tell, delayMs);
      });
      time.after(15, host, note('message'));
      time.after(10, time.world, () => Object.assign(host, { isPaused: true, isSuspended: true }));
      time.after(40, time.world, () => time.resume(host, true, 30));
      await time.run(100, never);
    } finally {
      uninstall();
    }
    expect(happened).toEqual(['message at 40', 'wall 50, monotonic 20', 'wall 80, monotonic 50']);
  });

  it('reads what has arrived before it runs an immediate', async () => {
    const host = new Host('one');
    const uninstall = time.install();
    try {
      time.after(10, host, () => void setImmediate(note('immediate')), 'timer');
      time.after(20, host, note('message'));
      host.isPaused = true;
      time.after(30, time.world, () => time.resume(host, true));
      await time.run(100, never);
    } finally {
      uninstall();
    }
    expect(happened).toEqual(['message at 30', 'immediate at 30']);
  });

  it('forgets what a dead host had to do', async () => {
    const host = new Host('one');
    time.after(10, host, note('message'));
    host.isDead = true;
    await time.run(100, never);
    expect(happened).toEqual([]);
  });

  it('gives each host its own wall clock, and monotonic clocks that cannot be compared', async () => {
    const host = new Host('one', 5_000);
    host.wallOffsetMs = -60_000;
    const uninstall = time.install();
    try {
      const before = { wall: Date.now(), monotonic: performance.now() };
      time.after(10, host, () => {
        happened.push(`${Date.now() - before.wall} ${performance.now() - before.monotonic}`);
      });
      await time.run(100, never);
    } finally {
      uninstall();
    }
    expect(happened).toEqual(['-59990 5010']);
  });

  it('runs the timers of the global object, and stops those that are cleared', async () => {
    const uninstall = time.install();
    try {
      setTimeout(note('timeout'), 5);
      clearTimeout(setTimeout(note('never'), 5));
      const interval = setInterval(note('interval'), 10);
      setTimeout(() => clearInterval(interval), 25);
      await time.run(100, never);
    } finally {
      uninstall();
    }
    expect(happened).toEqual(['timeout at 5', 'interval at 10', 'interval at 20']);
  });
});
