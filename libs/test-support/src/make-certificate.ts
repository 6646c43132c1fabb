import { type generate } from 'selfsigned';

/** Loads `selfsigned`, which has two hundred files, where a certificate is wanted: most tests want none. */
export const makeCertificate: typeof generate = async (...args: Parameters<typeof generate>) =>
  (await import('selfsigned')).generate(...args);
