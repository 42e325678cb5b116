/** Nodes in this process, for tests of what the hub sends to them. */
import type { Duplex } from 'node:stream';
import type { Acknowledgement } from '@packetlog/common';
import { type Generation, generationSchema, type NodeRules, type Signed } from '@packetlog/common/fleet';
import { readStatement } from '../../src/identity/signing.ts';
import type { NodeLink, NodeLinks } from '../../src/nodes/node-link.ts';

type Answer = 'accept' | 'reject' | 'risky';

export class FakeNode implements NodeLink {
  readonly name: string;
  group: string;
  readonly publicKey = '';
  readonly heardAtMs = 0;
  answer: Answer = 'accept';
  rules: NodeRules = { revision: 0 };
  /** Verified ones that it was sent, newest last. */
  readonly received: Generation[] = [];
  readonly confirmed: number[] = [];
  repairs = 0;
  asked: (request: unknown) => Promise<Acknowledgement<unknown>> = () => Promise.reject(new Error('no recorder'));
  readonly #hubKey: string;

  constructor(name: string, group: string, hubKey: string) {
    this.name = name;
    this.group = group;
    this.#hubKey = hubKey;
  }

  async sendGeneration(signed: Signed): Promise<NodeRules> {
    const generation = readStatement('generation', signed, this.#hubKey, generationSchema);
    if (generation === undefined) throw new Error('the signature is not valid');
    this.received.push(generation);
    const { group, number, hash } = generation;
    if (this.answer === 'reject') {
      this.rules = { ...this.rules, answer: { number, state: 'rejected', code: 'lockout', message: 'No.' } };
    } else {
      const waits =
        this.answer === 'risky' ? { state: 'waiting' as const, pending_until_ms: 1 } : { state: 'in_force' as const };
      this.rules = { revision: number, generation: { group, number, hash }, answer: { number, ...waits } };
    }
    return this.rules;
  }

  async confirm({ number }: { readonly number: number }): Promise<NodeRules> {
    this.confirmed.push(number);
    this.rules = { ...this.rules, answer: { number, state: 'in_force' } };
    return this.rules;
  }

  async repair(): Promise<NodeRules> {
    this.repairs += 1;
    const { drift: _, ...rules } = this.rules;
    this.rules = rules;
    return rules;
  }

  ask(_: string, request: unknown): Promise<Acknowledgement<unknown>> {
    return this.asked(request);
  }

  relay(): Promise<Duplex> {
    return Promise.reject(new Error('no relay'));
  }
}

export class FakeLinks implements NodeLinks {
  readonly nodes = new Map<string, FakeNode>();
  readonly #rules = new Set<(link: NodeLink, rules: NodeRules) => void>();
  readonly #joined = new Set<(link: NodeLink) => void>();
  readonly #left = new Set<(name: string) => void>();

  get = (name: string) => this.nodes.get(name);
  all = () => this.nodes.values();
  onReport = () => () => {};
  onRules = (callback: (link: NodeLink, rules: NodeRules) => void) => add(this.#rules, callback);
  onJoined = (callback: (link: NodeLink) => void) => add(this.#joined, callback);
  onLeft = (callback: (name: string) => void) => add(this.#left, callback);
  bySessionToken = () => undefined;

  join(node: FakeNode): void {
    this.nodes.set(node.name, node);
    for (const callback of this.#joined) callback(node);
    this.tell(node);
  }

  tell(node: FakeNode): void {
    for (const callback of this.#rules) callback(node, node.rules);
  }

  leave(name: string): void {
    this.nodes.delete(name);
    for (const callback of this.#left) callback(name);
  }
}

function add<T>(callbacks: Set<T>, callback: T): () => void {
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}
