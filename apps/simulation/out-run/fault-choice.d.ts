import { type Chance } from './chance.js';
import { type Fault } from './fault.js';
/** Which faults may befall a run. */
export interface FaultChoice {
    /** Exactly these, whatever the seed says. */
    readonly only?: readonly string[] | undefined;
    /** The name of what a seed chooses from. @defaultValue `usual` */
    readonly mixture?: string | undefined;
}
/** Two runs in ten are calm, five have one kind of fault, three a mixture. */
export declare function chooseFaults(chance: Chance, { only, mixture }: FaultChoice): Fault[];
