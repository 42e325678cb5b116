/** If a ledger is this much newer than the newest row, ms, its time replaces that of the row. */
const ROWS_BEHIND_MS = 2_000;

/** When packets last arrived at the hooks. `at` is a reading of the page's monotonic clock, ms. */
export class LastArrival {
  #at: number | null = null;
  #lastPacketMs: number | null = null;

  /** Wall clock of the loader; null if the last packet passed before the page was opened. */
  get lastPacketMs(): number | null {
    return this.#lastPacketMs;
  }

  /** Returns the time without packets, ms; at most the time since this connection began. */
  quietMs(at: number): number {
    return this.#at === null ? 0 : at - this.#at;
  }

  reconnected(): void {
    this.#at = null;
  }

  /** Records the time of the newest row. */
  row(packetMs: number): void {
    this.#lastPacketMs = packetMs;
  }

  /** Records a ledger, and whether its packet counter has grown. */
  ledger(at: number, ledgerMs: number, hasGrown: boolean): void {
    this.#at ??= at;
    if (!hasGrown) return;
    this.#at = at;
    // Rows give a packet's time more precisely than the ledger, but not where the filter or a pause withholds them.
    if (this.#lastPacketMs === null || ledgerMs - this.#lastPacketMs > ROWS_BEHIND_MS) this.#lastPacketMs = ledgerMs;
  }
}
