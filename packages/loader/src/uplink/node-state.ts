/** What a node reports to its hubs, from what the core sends to the server process each second. */
import type { Hello, Notice } from '@packetlog/common';
import type { NodeReport, NodeRules } from '@packetlog/common/fleet';
import type { FleetState } from '../ipc/fleet/fleet-access.ts';
import type { DrainLedger } from '../ipc/messages.ts';
import { type IntervalCounts, totalsOf } from './report-interval.ts';

const MAX_INTERFACES = 64;
const MAX_NAME = 15;
const MAX_CODE = 64;
const MAX_TEXT = 512;
const NO_RULES: NodeRules = { revision: 0 };

export class NodeState {
  fleet: FleetState | undefined;
  readonly #hello: Hello;
  #ledger: DrainLedger | undefined;
  #alarm: NodeReport['alarm'];

  constructor(hello: Hello) {
    this.#hello = hello;
  }

  second(ledger: DrainLedger): void {
    this.#ledger = ledger;
  }

  /** Keeps the newest warning or error. */
  notice({ at_ms, level, code, message }: Notice): void {
    if (level === 'info') return;
    this.#alarm = { at_ms, level, code: code.slice(0, MAX_CODE), message: message.slice(0, MAX_TEXT) };
  }

  get rules(): NodeRules {
    return this.fleet?.rules ?? NO_RULES;
  }

  report(counts: IntervalCounts, nowMs: number): NodeReport {
    const { version, session_id, started_at_ms } = this.#hello;
    const interfaces = this.#ledger?.interfaces ?? this.#hello.interfaces;
    const recorder = this.#ledger?.recorder;
    const ship = this.fleet?.ship;
    return {
      at_ms: nowMs,
      version,
      session_id,
      started_at_ms,
      interfaces: interfaces
        .slice(0, MAX_INTERFACES)
        .map(({ name, mode, state }) => ({ name: name.slice(0, MAX_NAME), mode, state })),
      ...counts,
      ledger: totalsOf(this.#ledger ?? { interfaces: [], unwatched: undefined }),
      recorder: recorder === undefined ? 'off' : recorder.recording ? 'recording' : 'stopped',
      ...(ship !== undefined && { ship }),
      rules: this.rules,
      ...(this.#alarm !== undefined && { alarm: this.#alarm }),
    };
  }
}
