const STORES = { redis: 'Redis', sqlite: 'SQLite', memory: 'memory, each worker its own' };

/** The message of a gateway that is ready: what to try next. */
export function whatToTry({ url, workers, isDemo, store, redisUrl }) {
  return `
mintonce is ready: ${url}, ${workers} workers, tokens in ${STORES[store]}${store === 'redis' && redisUrl ? ` (${withoutPassword(redisUrl)})` : ''}

  curl -s ${url}${isDemo ? '/proxy/demo/echo' : '/api/integrations'}
  curl -s ${url}/metrics | grep -E '^token_(cache|mint_count)'
  curl -s ${url}/health

Ctrl-C stops it.
`;
}

function withoutPassword(redisUrl) {
  return URL.canParse(redisUrl) ? new URL(redisUrl).host : redisUrl;
}
