import { type Answer, type Message, type Observation, type Rejection } from './messages.js';

/** What a worker tells besides that it started and that it did what it was asked. */
type Report = Exclude<Message, { type: 'hello' | 'done' }>;

type By<T> = T & { readonly worker: string };

/** Everything that the workers told. */
export class History {
  readonly answers: By<Answer>[] = [];
  readonly observations: By<Observation>[] = [];
  readonly rejections: By<Rejection>[] = [];
  /** Digests of the tokens that were minted without a lease, and thus without a fence of the store. */
  readonly mintedAlone = new Set<string>();

  note(worker: string, message: Report): void {
    switch (message.type) {
      case 'answers':
        this.answers.push(...message.answers.map((answer) => ({ ...answer, worker })));
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
}
