import { DEFAULT_POLICY, type TokenCacheOptions, type TokenPolicyOptions } from '@mintonce/token-cache';
import { z } from 'zod';

/**
 * A `policy` section. Only the names of its fields are checked here: the library has further options, such as `store`, that
 * are not for the file to set. The library checks the values when the gateway is built.
 */
function policySection<Options extends object>(fields: readonly string[]) {
  return z.custom<Options>(isMapping, 'must be a mapping of options').superRefine((options, context) => {
    const unknown = Object.keys(options).filter((field) => !fields.includes(field));
    for (const field of unknown) context.addIssue({ code: 'custom', path: [field], message: 'is not an option' });
  });
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every option of the library's policy: an option that the library gains is an option of the file at once. */
const POLICY_FIELDS = Object.keys(DEFAULT_POLICY);

/** The `policy` of one integration. */
export const integrationPolicy = policySection<TokenPolicyOptions>(POLICY_FIELDS);

/** Leaves a worker 5 s for the rest of its boot. */
const MOST_WARM_UP_MS = 10_000;

/** The `policy` of the whole gateway, whose near cache and boot all integrations share. */
export const policy = policySection<TokenPolicyOptions & Pick<TokenCacheOptions, 'nearCache' | 'warmUpTimeoutMs'>>([
  ...POLICY_FIELDS,
  'nearCache',
  'warmUpTimeoutMs',
]).refine(({ warmUpTimeoutMs = 0 }) => !(warmUpTimeoutMs > MOST_WARM_UP_MS), {
  path: ['warmUpTimeoutMs'],
  message: `must be at most ${MOST_WARM_UP_MS}: PM2 sends requests to a worker that does not listen after 15 s`,
});
