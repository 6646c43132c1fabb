/** How many workers serve beside each other. `ecosystem.config.cjs` tells it to each; without PM2 there is one. */
export function workerCount({ NODE_APP_INSTANCE, GATEWAY_WORKERS }: NodeJS.ProcessEnv = process.env): number {
  return NODE_APP_INSTANCE === undefined ? 1 : Math.max(1, Number(GATEWAY_WORKERS) || 1);
}
