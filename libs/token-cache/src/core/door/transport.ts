import { type Token } from '../contract/token.js';
import { type UpstreamStatus } from './refusal.js';

/** How a client sends one request and handles its answer; an `Answer` is there once its status is known. */
export interface Transport<Answer> {
  /**
   * Sends the request with that token; up to three times, if `canSendAgain`.
   *
   * @param speaksAgainst tells of a status whether its answer must be kept back from the caller until it is returned
   */
  send(token: Token, speaksAgainst: (answer: UpstreamStatus) => boolean): Promise<Answer>;

  /** Status and challenge of an answer. */
  statusOf(answer: Answer): UpstreamStatus;

  /** Whether the body of the request is there to be sent once more. */
  canSendAgain(): boolean;

  /** Lets go of an answer that the caller is not given. */
  discard(answer: Answer): void | Promise<void>;
}
