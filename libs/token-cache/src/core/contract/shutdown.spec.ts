import { Shutdown } from './shutdown.js';

describe('Shutdown', () => {
  it.each(['draining', 'closing', 'closed'] as const)(
    'begins with nothing, and is then %s alone, for a reason',
    (step) => {
      const shutdown = new Shutdown();
      const begun = (): string[] =>
        (['draining', 'closing', 'closed'] as const).filter((each) => shutdown[each].aborted);
      expect(begun()).toEqual([]);
      shutdown.begin(step);
      expect(begun()).toEqual([step]);
      expect(shutdown[step].reason).toEqual(new Error('The application shuts down'));
    },
  );
});
