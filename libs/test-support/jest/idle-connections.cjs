const http = require('node:http');
const https = require('node:https');

/** Longer than a test takes. */
const KEEP_MS = 600_000;

/**
 * Lets a server that a test creates keep its idle connections, unless it says otherwise. By default it closes one after some seconds,
 * also where the next request has arrived on it while the machine stood still: that request then fails with `ECONNRESET`.
 */
for (const protocol of [http, https]) {
  const { createServer } = protocol;
  protocol.createServer = (...args) => {
    const options = typeof args[0] === 'function' ? {} : args.shift();
    return createServer({ keepAliveTimeout: KEEP_MS, ...options }, ...args);
  };
}
