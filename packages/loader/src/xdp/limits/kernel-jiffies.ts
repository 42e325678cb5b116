/**
 * Reads the time of limits: `jiffies_64`, which no clock of user space shows. Its distance to CLOCK_MONOTONIC depends on
 * the boot, so it is asked from the kernel, by a program of two instructions that is run once and attached nowhere.
 */
import { need } from '../../native/check.ts';
import { loadInstructions } from '../../native/libbpf.ts';
import { ProgramTestRun } from '../../native/program-test-run.ts';

/** struct bpf_insn: `r0 = bpf_jiffies64()`, `r0 >>= 32`, `return r0`. */
const CALL = [0x85, 0, 0, 0, 118, 0, 0, 0];
const UPPER_HALF = [0x77, 0, 0, 0, 32, 0, 0, 0];
const RETURN = [0x95, 0, 0, 0, 0, 0, 0, 0];
/** The shortest frame that a test run takes. */
const FRAME = new Uint8Array(14);

export class KernelJiffies {
  readonly #low = programOf([...CALL, ...RETURN]);
  readonly #high = programOf([...CALL, ...UPPER_HALF, ...RETURN]);

  /** Returns the value now. Throws SetupError. */
  read(): bigint {
    for (;;) {
      const high = this.#high.run(FRAME);
      const low = this.#low.run(FRAME);
      // The lower half, which overflows after months, did not do so in between.
      if (this.#high.run(FRAME) === high) return (BigInt(high) << 32n) | BigInt(low);
    }
  }
}

/** The program's result is the XDP action, 32 bits. */
function programOf(instructions: readonly number[]): ProgramTestRun {
  const loaded = loadInstructions('packetlog_time', Uint8Array.from(instructions));
  return new ProgramTestRun({ single: need(loaded, 'load program', 'packetlog_time'), frags: undefined });
}
