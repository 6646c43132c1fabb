import { type FactoryProvider, type ModuleMetadata, type Provider } from '@nestjs/common';
import { type IntegrationOptions } from '../core/config/token-cache.options.js';
import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { ROOT_TOKEN_SERVICE } from './token-cache.tokens.js';
import { TokenService } from './token.service.js';

/** Integrations by the name that `getToken` is called with. */
export type Integrations = Record<string, IntegrationOptions>;

/** Options of `forFeatureAsync`. */
export interface TokenCacheFeatureAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider<Integrations>, 'inject'> {
  /** Makes the integrations of what `inject` names. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the types of `inject` are not known, as in Nest's own types
  useFactory: (...injected: any[]) => Integrations | Promise<Integrations>;
}

let features = 0;

/** The providers of a feature module: `TokenService`, once it knows the integrations. */
export function featureProviders({ inject = [], useFactory }: TokenCacheFeatureAsyncOptions): Provider[] {
  if (typeof useFactory !== 'function') throw new TokenConfigError('useFactory', 'must be a function');
  return [
    // With `moduleIdGeneratorAlgorithm: 'deep-hash'` two modules that look alike are one, and functions all look alike.
    { provide: Symbol('TokenCacheModule.forFeature()'), useValue: ++features },
    {
      provide: TokenService,
      inject: [ROOT_TOKEN_SERVICE, ...inject],
      useFactory: async (tokens: TokenService, ...injected: unknown[]) => {
        tokens.register(await useFactory(...injected));
        return tokens;
      },
    },
  ];
}
