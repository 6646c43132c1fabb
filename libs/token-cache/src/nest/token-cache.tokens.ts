/** The one `TokenService` of an application, which `forRoot` and `forFeature` make visible. */
export const ROOT_TOKEN_SERVICE = Symbol('ROOT_TOKEN_SERVICE');
