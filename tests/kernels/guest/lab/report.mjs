// @ts-check
import { writeSync } from 'node:fs';

/** The results for the host: each line is one JSON object on standard output, written at once. */
export class Report {
  #case = '';

  /** @param {object} object */
  line(object) {
    const bytes = Buffer.from(`${JSON.stringify(object)}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  }

  /** @param {string} name */
  begin(name) {
    this.#case = name;
    this.line({ case: name, begins: new Date().toISOString() });
  }

  /**
   * Reports one check. The host requires that `is` equals `should`, as JSON.
   * @param {string} promise one of the case's `promises`
   * @param {string} what
   * @param {unknown} is
   * @param {unknown} should
   */
  check(promise, what, is, should) {
    this.line({ case: this.#case, promise, what, is: is ?? null, should });
  }

  /** Reports that the kernel is too old for a promise. @param {string} promise @param {string} what it lacks */
  absent(promise, what) {
    this.line({ case: this.#case, promise, what, is: 'absent', should: 'absent', cell: 'not in this kernel' });
  }

  /** Reports facts that the host evaluates together. @param {string} promise @param {object} facts */
  facts(promise, facts) {
    this.line({ case: this.#case, promise, facts });
  }

  /** Reports packetlog's output, which the host prints if the case fails. @param {readonly string[]} lines */
  notes(lines) {
    if (lines.length > 0) this.line({ case: this.#case, notes: lines });
  }
}
