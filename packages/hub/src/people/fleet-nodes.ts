/** The nodes as people see them. */
import { createHash } from 'node:crypto';
import type { Fleet, FleetNode } from '@packetlog/common/fleet';
import type { KnownNode, NodeRegister } from '../identity/node-register.ts';
import type { NodeDirectory } from '../nodes/node-directory.ts';

const KEY_DIGITS = 16;

export class FleetNodes {
  readonly #register: NodeRegister;
  readonly #directory: NodeDirectory;
  readonly #wanted: (node: string) => number | undefined;

  /** `wanted` returns the generation that a node should have. */
  constructor(register: NodeRegister, directory: NodeDirectory, wanted: (node: string) => number | undefined) {
    this.#register = register;
    this.#directory = directory;
    this.#wanted = wanted;
  }

  /** `nowMs`: the hub's clock. */
  all(nowMs: number): Fleet {
    const nodes = Array.from(this.#register.all(), (node) => this.#describe(node));
    return { at_ms: nowMs, is_full: true, nodes, removed: [] };
  }

  /** Returns the given nodes; those that are not in the register are removed ones. */
  some(names: Iterable<string>, nowMs: number): Fleet {
    const nodes: FleetNode[] = [];
    const removed: string[] = [];
    for (const name of names) {
      const node = this.#register.get(name);
      if (node === undefined) removed.push(name);
      else nodes.push(this.#describe(node));
    }
    return { at_ms: nowMs, is_full: false, nodes, removed };
  }

  #describe(node: KnownNode): FleetNode {
    const { name, group, joined_at_ms, public_key } = node;
    const heard = this.#directory.heard(name);
    const wanted = this.#wanted(name);
    return {
      name,
      group,
      joined_at_ms,
      key: shortKey(public_key),
      heard_at_ms: heard?.heardAtMs ?? null,
      ...(wanted !== undefined && { wanted }),
      ...(heard?.report !== undefined && { report: heard.report }),
    };
  }
}

function shortKey(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, KEY_DIGITS);
}
