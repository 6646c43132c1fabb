import { type Host } from './host.js';

/** Something that will happen, on one host. */
export interface Task {
  at: number;
  sequence: number;
  readonly host: Host;
  readonly kind: 'timer' | 'message';
  readonly run: () => void;
  isCancelled: boolean;
  /** How long its host had slept when it was set: what a timer does not count. */
  suspendedMsBefore: number;
}

/** What is to come: a binary heap by instant, then by order of arrival. */
export class EventQueue {
  private readonly heap: Task[] = [];

  get tasks(): readonly Task[] {
    return this.heap;
  }

  get next(): Task | undefined {
    return this.heap[0];
  }

  push(task: Task): void {
    const { heap } = this;
    let index = heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent] as Task, task)) break;
      heap[index] = heap[parent] as Task;
      index = parent;
    }
    heap[index] = task;
  }

  pop(): Task | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && last !== first) this.sink(last);
    return first;
  }

  private sink(task: Task): void {
    const { heap } = this;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child++;
      if (isBefore(task, heap[child] as Task)) break;
      heap[index] = heap[child] as Task;
      index = child;
    }
    heap[index] = task;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}
