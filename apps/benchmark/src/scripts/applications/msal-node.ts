import { msal } from '../../contenders/msal.js';
import { startApplication } from '../start-application.js';

await startApplication(() => {
  msal();
  return [];
});
