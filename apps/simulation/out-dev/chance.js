export { Chance } from '@mintonce/test-support/chance';
//# sourceMappingURL=chance.js.map