/** Slot of this process under PM2; 0 without PM2. */
export const WORKER = process.env.NODE_APP_INSTANCE ?? '0';
