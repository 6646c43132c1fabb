/** The one `TokenService` of an application. Its description is what Nest's error names when `forRoot` is missing. */
export const ROOT_TOKEN_SERVICE = Symbol('TokenCacheModule.forRoot()');
