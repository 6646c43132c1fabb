import { join, relative } from 'node:path';

/** What to do now that it runs. */
export function whatToTry({ url, workers, isDemo, redisUrl, stateDirectory }) {
  const store = redisUrl
    ? `Redis (${withoutPassword(redisUrl)})`
    : `SQLite (${relative('', join(stateDirectory, 'tokens.sqlite'))})`;
  return `
mintonce is ready: ${url}, ${workers} workers, tokens in ${store}

  curl -s ${url}${isDemo ? '/proxy/demo/echo' : '/api/integrations'}
  curl -s ${url}/metrics | grep token_
  curl -s ${url}/health

Ctrl-C stops it.
`;
}

function withoutPassword(redisUrl) {
  return URL.canParse(redisUrl) ? new URL(redisUrl).host : redisUrl;
}
