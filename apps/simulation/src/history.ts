import { type TokenStoreEvent } from '@mintonce/token-cache';
import { FenceNames, type NameFence } from './fence-names.js';

/** What a line of the history concerns, besides its author. */
export interface About {
  /** The label of a request. */
  readonly label?: string | undefined;
  /** All requests of an integration: the library's observers are told no more. */
  readonly integration?: string | undefined;
  /** The process that the store or the provider speaks of. */
  readonly process?: string | undefined;
}

/** One line of the history. */
export interface Entry extends About {
  /** True ms since the beginning of the run. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** What happened in a run, in order. A campaign keeps none: to collect it costs more than to live through the run. */
export class History {
  readonly entries: Entry[] = [];
  private readonly labels = new Map<string, string>();
  private readonly groups = new Map<string, string[]>();
  private readonly fences = new FenceNames();

  constructor(
    private readonly clock: { readonly now: number },
    readonly isKept: boolean,
  ) {}

  /** @param what is put into words only when the history is kept */
  say(who: string, what: string | (() => string), { label, integration, process }: About = {}): void {
    if (!this.isKept) return;
    const words = typeof what === 'string' ? what : what();
    this.entries.push({ at: this.clock.now, who, what: words, label, integration, process });
  }

  /** Tells what callers call a key of the store. */
  learnKey(keyId: string, label: string, group: string): void {
    this.labels.set(keyId, label);
    this.groups.set(group, [...this.labelsIn(group), label]);
  }

  /** What callers call the keys of a group. */
  labelsIn(group: string): readonly string[] {
    return this.groups.get(group) ?? [];
  }

  /** What callers call the keys that an event is about. */
  labelsAbout(event: TokenStoreEvent): readonly string[] {
    return event.type === 'purged-group' ? this.labelsIn(event.group) : [this.labelOf(event.keyId)];
  }

  labelOf(keyId: string): string {
    return this.labels.get(keyId) ?? keyId;
  }

  fencesOf(label: string): NameFence {
    return this.fences.of(label);
  }
}
