/** The nodes that are on the line, and what was heard of them and of others since the hub started. */
import type { NodeReport, NodeRules } from '@packetlog/common/fleet';
import type { NodeLinks } from './node-link.ts';
import type { NodeSession } from './node-session.ts';

/** What was heard of a node last. */
export interface Heard {
  readonly heardAtMs: number;
  /** The newest report as JSON. */
  readonly reportText: string | undefined;
}

class Callbacks<Args extends readonly unknown[]> {
  readonly #all = new Set<(...args: Args) => void>();

  add(callback: (...args: Args) => void): () => void {
    this.#all.add(callback);
    return () => this.#all.delete(callback);
  }

  call(...args: Args): void {
    for (const callback of this.#all) callback(...args);
  }
}

export class NodeDirectory implements NodeLinks {
  readonly #sessions = new Map<string, NodeSession>();
  readonly #byToken = new Map<string, NodeSession>();
  /** Of the earlier connections of nodes. */
  readonly #earlier = new Map<string, Heard>();
  readonly #reports = new Callbacks<[NodeSession, NodeReport]>();
  readonly #rules = new Callbacks<[NodeSession, NodeRules]>();
  readonly #joined = new Callbacks<[NodeSession]>();
  readonly #gone = new Callbacks<[string]>();

  readonly onReport: NodeLinks['onReport'] = (callback) => this.#reports.add(callback);
  readonly onRules: NodeLinks['onRules'] = (callback) => this.#rules.add(callback);
  readonly onJoined: NodeLinks['onJoined'] = (callback) => this.#joined.add(callback);
  readonly onLeft: NodeLinks['onLeft'] = (callback) => this.#gone.add(callback);

  get size(): number {
    return this.#sessions.size;
  }

  get(name: string): NodeSession | undefined {
    return this.#sessions.get(name);
  }

  all(): Iterable<NodeSession> {
    return this.#sessions.values();
  }

  bySessionToken(token: string): NodeSession | undefined {
    return this.#byToken.get(token);
  }

  /** Undefined: nothing since the hub started. */
  heard(name: string): Heard | undefined {
    const earlier = this.#earlier.get(name);
    const session = this.#sessions.get(name);
    if (session === undefined) return earlier;
    return { heardAtMs: session.heardAtMs, reportText: session.reportText ?? earlier?.reportText };
  }

  /** An earlier connection of the node ends: it may be dead without the hub knowing. */
  enter(session: NodeSession): void {
    const earlier = this.#sessions.get(session.name);
    if (earlier !== undefined) {
      this.leave(earlier);
      earlier.socket.disconnect(true);
    }
    this.#sessions.set(session.name, session);
    this.#byToken.set(session.sessionToken, session);
    this.#joined.call(session);
  }

  leave(session: NodeSession): void {
    this.#byToken.delete(session.sessionToken);
    session.ended();
    if (this.#sessions.get(session.name) !== session) return;
    this.#sessions.delete(session.name);
    const { heardAtMs, reportText } = session;
    const newest = reportText ?? this.#earlier.get(session.name)?.reportText;
    this.#earlier.set(session.name, { heardAtMs, reportText: newest });
    this.#gone.call(session.name);
  }

  /** Call it for nodes that are not in the register any more. */
  forget(name: string): void {
    this.#earlier.delete(name);
  }

  reported(session: NodeSession, report: NodeReport, nowMs: number): void {
    session.heardAtMs = nowMs;
    session.report = report;
    this.#rules.call(session, report.rules);
    this.#reports.call(session, report);
  }

  rulesChanged(session: NodeSession, rules: NodeRules, nowMs: number): void {
    session.heardAtMs = nowMs;
    const { report } = session;
    if (report !== undefined) session.report = { ...report, rules };
    this.#rules.call(session, rules);
  }
}
