/** The checked options, as the library uses them. */
export const TOKEN_CACHE_CONFIG = Symbol('TOKEN_CACHE_CONFIG');

/** The one `TokenService` of an application, which `forRoot` and `forFeature` make visible. */
export const ROOT_TOKEN_SERVICE = Symbol('ROOT_TOKEN_SERVICE');
