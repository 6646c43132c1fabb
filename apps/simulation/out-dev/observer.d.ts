import { type TokenObserver } from '@mintonce/token-cache';
import { type History } from './history.js';
import { type Library } from './library.js';
/** An observer that tells the history of every decision of a process. Store calls are told by its link, in more detail. */
export declare function telling(library: Library, process: string, history: History): TokenObserver;
