/** The hub's connections to its nodes, as the rest of the hub uses them. */
import type { Duplex } from 'node:stream';
import type { Acknowledgement } from '@packetlog/common';
import type { AskedEvent, NodeReport, NodeRules, Signed } from '@packetlog/common/fleet';

/** The connection of a node that has proven its key. */
export interface NodeLink {
  readonly name: string;
  readonly group: string;
  readonly publicKey: string;
  /** The hub's clock when the node sent something last. */
  readonly heardAtMs: number;
  /** Of the newest report on this connection; undefined before the first. */
  readonly rules: NodeRules | undefined;
  /** The following reject with an Error when the connection ends, or the node does not answer in time. */
  sendGeneration(generation: Signed): Promise<NodeRules>;
  confirm(which: { readonly group: string; readonly number: number }): Promise<NodeRules>;
  repair(): Promise<NodeRules>;
  /** Resolves with the node's answer, as `Acknowledgement` has it; its value is not checked. */
  ask(event: AskedEvent, request: unknown, withinMs: number): Promise<Acknowledgement<unknown>>;
  /** Resolves with a connection on which the node's web server answers HTTP. */
  relay(): Promise<Duplex>;
}

export interface NodeLinks {
  get(name: string): NodeLink | undefined;
  all(): Iterable<NodeLink>;
  /** Callbacks; each returns what ends it. */
  onReport(callback: (link: NodeLink, report: NodeReport) => void): () => void;
  /** Called for a report, too, before `onReport`. */
  onRules(callback: (link: NodeLink, rules: NodeRules) => void): () => void;
  onJoined(callback: (link: NodeLink) => void): () => void;
  onLeft(callback: (name: string) => void): () => void;
  /** Returns the node whose session token this is. */
  bySessionToken(token: string): NodeLink | undefined;
}
