export { type IntegrationHealth, TokenCacheHealthIndicator } from './token-cache.health-indicator.js';
