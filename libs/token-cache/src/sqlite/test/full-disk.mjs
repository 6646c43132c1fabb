// A process on a disk that is filling up: argv is the path of the file, how many of its tokens to ask for, and how many new ones to ask
// for after a write was refused. It prints the error of each refused write, and the tokens of which it had to mint one of its own.
import { TokenClient, TokenObserver, tokenSource } from '@mintonce/token-cache';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';

const [path, stored, missed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const minted = [];
const refusals = [];
const source = tokenSource('full disk', async ({ tenant }) => {
  minted.push(tenant);
  return { accessToken: 'x'.repeat(3_000), expiresInMs: 3_600_000 };
});
const tokens = new TokenClient({ store: new SqliteTokenStore({ path }), integrations: { billing: { source } } });
tokens.observe(
  new (class extends TokenObserver {
    storeFailed(_operation, error) {
      refusals.push(error.cause.message);
    }
  })(),
);
for (let tenant = 0; refusals.length === 0; tenant++) await tokens.getToken('billing', { tenant: `filling ${tenant}` });
for (let tenant = 0; tenant < missed; tenant++) await tokens.getToken('billing', { tenant: `new ${tenant}` });
for (let tenant = 0; tenant < stored; tenant++) await tokens.getToken('billing', { tenant: `stored ${tenant}` });
console.log(JSON.stringify({ refusals, minted: minted.filter((tenant) => tenant.startsWith('stored')) }));
process.exit();
