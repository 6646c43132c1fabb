const { availableParallelism } = require('node:os');
const { join } = require('node:path');

/** PM2 keeps the logs in its home; where that is the user's, they stay in the project instead. */
const logs = process.env.PM2_HOME
  ? {}
  : {
      out_file: join(__dirname, '.mintonce', 'logs', 'gateway.log'),
      error_file: join(__dirname, '.mintonce', 'logs', 'gateway.log'),
    };

/** The gateway under PM2: `pm2 start ecosystem.config.cjs`, or `pm2-runtime` in a container. */
module.exports = {
  apps: [
    {
      name: 'gateway',
      script: 'apps/gateway/dist/main.js',
      cwd: __dirname,
      exec_mode: 'cluster',
      instances: workers(process.env.GATEWAY_WORKERS),
      // Limits that are counted in memory are divided by it.
      env: { GATEWAY_WORKERS: `${workers(process.env.GATEWAY_WORKERS)}` },
      wait_ready: true,
      // A deadline and no delay: a worker that boots more slowly would be sent requests before it listens.
      listen_timeout: 15_000,
      // Above the 16 seconds that the gateway takes at most: 10 to drain, 5 for mints in flight, 1 to leave the cluster.
      kill_timeout: 20_000,
      // No log_date_format: a date before each line would make it no JSON any more.
      merge_logs: true,
      ...logs,
    },
  ],
};

/** One worker per CPU and two at least, so that one can serve while the other is replaced. */
function workers(wanted) {
  if (!wanted) return Math.max(2, availableParallelism());
  if (/^[1-9]\d{0,2}$/.test(wanted)) return Number(wanted);
  throw new Error(`GATEWAY_WORKERS: must be a number from 1 to 999, not "${wanted}"`);
}
