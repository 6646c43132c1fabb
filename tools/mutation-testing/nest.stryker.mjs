import { strykerConfigOf } from './stryker-config-of.mjs';

export default strykerConfigOf('nest');
