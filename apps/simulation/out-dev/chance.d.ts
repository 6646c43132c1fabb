export { Chance } from '@mintonce/test-support/chance';
