const OIDC = /\/\.well-known\/openid-configuration\/?$/;
const RFC_8414 = /^\/\.well-known\/(?:oauth-authorization-server|openid-configuration)(?=\/|$)/;

export interface Issuer {
  readonly issuer: URL;
  /** Whether metadata that names this issuer is that of this one. */
  isSame(named: string): boolean;
}

/** The issuer that a URL means, which may be that of its metadata, as it is pasted from a browser. */
export function issuerOf(url: URL): Issuer {
  if (!url.pathname.includes('/.well-known/')) return { issuer: url, isSame: (named) => hrefOf(named) === url.href };
  const issuer = new URL(url);
  issuer.search = '';
  issuer.pathname = url.pathname.replace(OIDC, '').replace(RFC_8414, '');
  // The URL of metadata does not tell whether the issuer ends in a slash.
  return { issuer, isSame: (named) => withoutSlash(hrefOf(named)) === withoutSlash(issuer.href) };
}

/** An issuer for an error message: a server chose it, and it may hold a placeholder such as `{tenantid}`. */
export function printableIssuer(issuer: string): string {
  return /^https?:\/\/[\w.:[\]{}/~%-]{1,200}$/.test(issuer) ? `"${decoded(issuer)}"` : 'another form';
}

function hrefOf(named: string): string | undefined {
  return URL.canParse(named) ? new URL(named).href : undefined;
}

function withoutSlash(href: string | undefined): string | undefined {
  return href?.replace(/\/$/, '');
}

function decoded(issuer: string): string {
  return issuer.replaceAll('%7B', '{').replaceAll('%7D', '}');
}
