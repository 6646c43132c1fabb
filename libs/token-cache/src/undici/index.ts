export { tokenInterceptor } from './token-interceptor.js';
