/** A command line that cannot be. */
export class UsageError extends Error {}

export const USAGE = `mintonce doctor [options]   says what is wrong with a fleet that shares tokens, and what to do
  --metrics URL     its metrics: of a whole PM2 application, or of one process; may be repeated
  --seconds N       time between two looks at them (10)
  --redis URL       its Redis; REDIS_URL of the environment if this is given without a value: --redis=
  --namespace NAME  what its keys in Redis begin with (mintonce)
  --issuer URL      an identity provider; may be repeated
mintonce status URL          the integrations of a gateway
mintonce get URL NAME        the token of an integration, for a caller who is granted it
  --dry-run         what the next caller would be given; nothing is minted
mintonce purge URL NAME      drops the token and the cool-down of an integration of a gateway
mintonce key                 a new key for a caller of a gateway, and the hash for access.apiKeys

--json prints JSON. A key of a caller is taken from MINTONCE_KEY.
Exit codes: 0 nothing failed, 1 something did, 2 the command line cannot be.`;
