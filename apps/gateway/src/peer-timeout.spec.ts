import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { waitFor } from '@mintonce/test-support';
import { PeerTimeout } from './peer-timeout.js';
import { FarPeer, stall } from './test/far-peer.js';

const LIMIT_MS = 40;
/** Longer than a part of the limit. */
const PART_OVER_MS = 20;

describe('The time of a peer', () => {
  let expired: number;
  let timeout: PeerTimeout;
  const cleanUp: (() => unknown)[] = [];
  const start = (): void => {
    expired = 0;
    timeout = new PeerTimeout(LIMIT_MS, () => expired++);
  };

  afterEach(async () => {
    timeout.clear();
    jest.useRealTimers();
    for (const clean of cleanUp.splice(0)) await clean();
  });

  it('is over after the limit, once', () => {
    jest.useFakeTimers();
    start();
    jest.advanceTimersByTime(LIMIT_MS - 1);
    expect(expired).toBe(0);
    jest.advanceTimersByTime(10 * LIMIT_MS);
    expect(expired).toBe(1);
  });

  it('begins anew with each thing that the peer does', () => {
    jest.useFakeTimers();
    start();
    for (let times = 0; times < 3; times++) {
      jest.advanceTimersByTime(LIMIT_MS - 1);
      timeout.refresh();
    }
    expect(expired).toBe(0);
    jest.advanceTimersByTime(LIMIT_MS + 1);
    expect(expired).toBe(1);
  });

  it('ends when nothing is waited for any more', () => {
    jest.useFakeTimers();
    start();
    jest.advanceTimersByTime(LIMIT_MS - 1);
    timeout.clear();
    jest.advanceTimersByTime(10 * LIMIT_MS);
    expect(expired).toBe(0);
  });

  it('is not over because of one stall of the event loop, however long', async () => {
    start();
    await stall(10 * LIMIT_MS);
    for (let turns = 0; turns < 3; turns++) await turn();
    expect(expired).toBe(0);
    await waitFor(() => expired === 1);
  });

  it('is not over before what came during the last of several stalls is read', async () => {
    const peer = await FarPeer.upstream();
    cleanUp.push(() => peer.close());
    const socket = connect(peer.port, '127.0.0.1');
    cleanUp.push(() => socket.destroy());
    let heard = '';
    socket.on('data', (bytes) => {
      heard += String(bytes);
      if (heard.endsWith('again')) timeout.clear();
    });
    peer.say('hello');
    await waitFor(() => heard === 'hello');

    await turn();
    start();
    for (let parts = 0; parts < 3; parts++) await stall(PART_OVER_MS);
    await peer.speakDuringStall({ pieces: [' again'], everyMs: PART_OVER_MS });
    await waitFor(() => heard === 'hello again');
    expect(expired).toBe(0);
  });
});
