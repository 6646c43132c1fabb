export { useToken } from './use-token.js';
