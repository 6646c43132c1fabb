import { gatewayCookie } from './cookie-path.js';
import { gatewayReference, type Mount, type ReferenceContext } from './gateway-reference.js';
import { REFERENCE_FIELDS } from './reference-fields.js';

type Value = string | string[];

/** An exchange, as far as the references of its answer depend on it. */
export interface ReferenceOptions {
  /** Origin of the upstream, and where it is seen. */
  readonly mount: Mount & { readonly origin: string };
  /** Path and query of the request to the upstream. */
  readonly path: string;
  /** The caller's `Host`. */
  readonly gatewayHost?: string;
  /** Told the field of each reference that leads past the gateway. */
  foreign(field: string): void;
}

/** Leads the references of one answer to the gateway, so that a caller who follows them has a credential there. */
export class ResponseReferences {
  private parsed?: ReferenceContext;

  constructor(private readonly options: ReferenceOptions) {}

  /** The value of a field for the caller; undefined if it is left out. */
  rewrite(field: string, value: Value): Value | undefined {
    if (field === 'set-cookie') return this.cookies([value].flat());
    const rewriteField = REFERENCE_FIELDS.get(field);
    if (!rewriteField) return value;
    const rewrite = (reference: string): string => this.reference(field, reference);
    return Array.isArray(value) ? value.map((one) => rewriteField(one, rewrite)) : rewriteField(value, rewrite);
  }

  private reference(field: string, given: string): string {
    const { reference, isForeign } = gatewayReference(given, this.context);
    if (isForeign) this.options.foreign(field);
    return reference;
  }

  private cookies(cookies: readonly string[]): string[] | undefined {
    const { mount, path } = this.options;
    const isBase = path.split('?', 1)[0] === (mount.basePath || '/');
    const kept = cookies.flatMap((cookie) => gatewayCookie(cookie, mount, isBase) ?? []);
    return kept.length > 0 ? kept : undefined;
  }

  /** Parsed only for an answer that has references. */
  private get context(): ReferenceContext {
    const { path, gatewayHost } = this.options;
    const { origin, basePath, gatewayPath } = this.options.mount;
    const gateway = `http://${gatewayHost}`;
    this.parsed ??= {
      basePath,
      gatewayPath,
      requestUrl: new URL(origin + path),
      gatewayHost: URL.canParse(gateway) ? new URL(gateway).host : undefined,
    };
    return this.parsed;
  }
}
