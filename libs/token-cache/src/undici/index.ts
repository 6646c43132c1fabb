export { DispatchAttempt } from './dispatch-attempt.js';
export { RelayController } from './relay-controller.js';
export { tokenInterceptor } from './token-interceptor.js';
