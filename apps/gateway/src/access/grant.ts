import { type GrantConfig } from '../config/access.schema.js';

/** Every integration. */
const ALL = '*';

/** What a caller may do. What is not granted is forbidden. */
export class Grant {
  private readonly integrations: ReadonlySet<string>;
  private readonly methods?: ReadonlySet<string>;

  constructor(private readonly config: GrantConfig) {
    this.integrations = new Set(config.integrations);
    this.methods = config.methods && new Set(config.methods);
  }

  /** Whether an integration is the caller's. One that does not exist is, for a caller that may use all. */
  covers(integration: string): boolean {
    return this.integrations.has(ALL) || this.integrations.has(integration);
  }

  /**
   * Whether a request may be forwarded.
   *
   * @param path behind `/proxy/<integration>`, not decoded. A path that could be read as another one is not let through: it is
   *   compared as it is, and the proxy refuses dot segments in every encoding.
   */
  allows(integration: string, method: string, path: string): boolean {
    if (!this.covers(integration) || this.methods?.has(method) === false) return false;
    return this.config.paths?.some((prefix) => isBelow(prefix, path)) ?? true;
  }

  /** Whether it may purge an integration. */
  allowsPurge(integration: string): boolean {
    return this.config.purge && this.covers(integration);
  }

  /** Whether it may be given the token of an integration, with which it can do all that the integration can. */
  allowsToken(integration: string): boolean {
    return this.config.token && this.covers(integration);
  }
}

function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}
