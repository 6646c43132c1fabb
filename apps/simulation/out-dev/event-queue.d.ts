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
export declare class EventQueue {
    private readonly heap;
    get tasks(): readonly Task[];
    get next(): Task | undefined;
    push(task: Task): void;
    pop(): Task | undefined;
    private sink;
}
