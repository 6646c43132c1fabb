import { replayCommand } from './replay-command.js';

describe('The command that replays a run', () => {
  it('has every flag that decides what the run is like', () => {
    const replay = {
      mutation: 'a commit is not fenced',
      seed: 7,
      faults: 'weather',
      fault: ['messages are lost', "the store's clock steps"],
      key: ['billing tenant=one'],
      library: '/builds/old',
    };
    expect(replayCommand(replay)).toBe(
      "npm run simulate -- --mutation 'a commit is not fenced' --seed 7 --faults weather " +
        "--fault 'messages are lost' --fault 'the store'\\''s clock steps' --key 'billing tenant=one' --library /builds/old",
    );
  });

  it('has no flag that nobody set', () => {
    expect(replayCommand({ seed: 7 })).toBe('npm run simulate -- --seed 7');
  });
});
