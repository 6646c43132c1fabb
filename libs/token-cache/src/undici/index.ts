export { DispatchAttempt } from './dispatch-attempt.js';
export { RelayController } from './relay-controller.js';
export { tokenInterceptor, type TokenInterceptorOptions } from './token-interceptor.js';
