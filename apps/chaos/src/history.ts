import { type Answer, type Message, type Observation, type Rejection } from './messages.js';

/** What a worker tells besides that it started and that it did what it was asked. */
type Report = Exclude<Message, { type: 'hello' | 'done' }>;

type By<T> = T & { readonly worker: string };

/** Everything that the workers told. */
export class History {
  readonly observations: By<Observation>[] = [];
  readonly rejections: By<Rejection>[] = [];
  private readonly answers = new Map<string, By<Answer>[]>();
  /** Digests of the tokens that were minted without a lease, and thus without a fence of the store. */
  readonly mintedAlone = new Set<string>();

  note(worker: string, message: Report): void {
    switch (message.type) {
      case 'answers':
        for (const answer of message.answers) this.noteAnswer({ ...answer, worker });
        break;
      case 'observed':
        this.observations.push({ ...message.observation, worker });
        break;
      case 'rejected':
        this.rejections.push({ ...message.rejection, worker });
        break;
      case 'mintedAlone':
        this.mintedAlone.add(message.token);
    }
  }

  /** What callers of that key were answered until now. Tests ask again and again, and a fleet gives answers for many keys. */
  answersFor(key: string): readonly By<Answer>[] {
    return [...(this.answers.get(key) ?? [])];
  }

  private noteAnswer(answer: By<Answer>): void {
    const known = this.answers.get(answer.key);
    if (known) known.push(answer);
    else this.answers.set(answer.key, [answer]);
  }
}
