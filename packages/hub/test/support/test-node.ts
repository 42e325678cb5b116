/** A node that speaks the protocol without a loader, and can break it. */
import type { KeyObject } from 'node:crypto';
import {
  type Challenge,
  canonicalJson,
  type HubToNodeEvents,
  NODE_NAMESPACE,
  type NodeRejection,
  type NodeReport,
  type NodeToHubEvents,
  type Prove,
  type Welcome,
} from '@packetlog/common/fleet';
import { io, type Socket } from 'socket.io-client';
import { newSecret } from '../../src/identity/secrets.ts';
import { newPrivateKey, publicKeyOf, readPrivateKey, signText } from '../../src/identity/signing.ts';

export type ProofResult = { ok: true; value: Welcome } | { ok: false; error: NodeRejection };

export function newKey(): KeyObject {
  return readPrivateKey(newPrivateKey());
}

export class TestNode {
  readonly socket: Socket<HubToNodeEvents, NodeToHubEvents>;
  readonly name: string;
  readonly key: KeyObject;
  readonly challenge: Promise<Challenge>;
  /** Resolves when the hub has closed the connection. */
  readonly closed: Promise<void>;

  constructor(url: string, name: string, key = newKey()) {
    this.name = name;
    this.key = key;
    this.socket = io(url + NODE_NAMESPACE, { transports: ['websocket'], reconnection: false, forceNew: true });
    this.challenge = new Promise((resolve) => {
      this.socket.once('challenge', resolve);
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('disconnect', () => resolve());
    });
  }

  /** Returns the right proof for this challenge, with `changes`. */
  proof({ hub_key, nonce: hub_nonce }: Challenge, changes: Partial<Prove> = {}): Prove {
    const nonce = newSecret();
    const publicKey = publicKeyOf(this.key);
    const payload = { node: this.name, node_key: publicKey, hub_key, hub_nonce, node_nonce: nonce };
    return {
      node: this.name,
      public_key: publicKey,
      nonce,
      signature: signText('node-proof', canonicalJson(payload), this.key),
      version: '1.2.3',
      boot_id: 'boot',
      ...changes,
    };
  }

  send(proof: Prove): Promise<ProofResult> {
    return new Promise((resolve) => {
      this.socket.emit('prove', proof, resolve);
    });
  }

  async prove(joinToken?: string): Promise<ProofResult> {
    const join = joinToken === undefined ? {} : { join_token: joinToken };
    return this.send(this.proof(await this.challenge, join));
  }

  close(): void {
    this.socket.disconnect();
  }
}

export function testReport(changes: Partial<NodeReport> = {}): NodeReport {
  return {
    at_ms: 1,
    version: '1.2.3',
    session_id: 'session',
    started_at_ms: 0,
    interfaces: [{ name: 'eth0', mode: 'native', state: 'attached' }],
    interval_ms: 1000,
    packets: 10,
    bytes: 1000,
    denied: 2,
    top_sources: [{ addr: '192.0.2.1', packets: 10, bytes: 1000 }],
    top_ports: [],
    ledger: { seen: 10, permitted: 8, denied: 2, aborted: 0, sampled_out: 0, filtered_out: 0, ring_full: 0 },
    recorder: 'off',
    rules: { revision: 1 },
    ...changes,
  };
}
