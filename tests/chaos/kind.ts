import type { ChaosLab } from './lab.ts';
import type { Random } from './random.ts';

/** Ends a fault. Resolves when the loader claims again that it watches and enforces; the time until then is measured. */
export type Recover = () => Promise<void>;

/** One kind of fault. */
export interface Kind {
  readonly name: string;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  /**
   * Causes the fault, under traffic, in a lab that is healthy. All that it decides comes from `random`. It declares
   * what the ledger may say with `lab.outage`, `lab.opens` and `lab.forgotten`; without, nothing may be lost and
   * no denied packet may pass.
   */
  inject(lab: ChaosLab, random: Random): Promise<Recover>;
}
