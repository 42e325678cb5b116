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
    return JSON.parse(this.encodeAll(nowMs)) as Fleet;
  }

  /** Returns all nodes as JSON. */
  encodeAll(nowMs: number): string {
    const nodes = Array.from(this.#register.all(), (node) => this.#encode(node));
    return encodeFleet(nowMs, true, nodes, []);
  }

  /** Returns the given nodes as JSON; those that are not in the register are removed ones. */
  encodeSome(names: Iterable<string>, nowMs: number): string {
    const nodes: string[] = [];
    const removed: string[] = [];
    for (const name of names) {
      const node = this.#register.get(name);
      if (node === undefined) removed.push(name);
      else nodes.push(this.#encode(node));
    }
    return encodeFleet(nowMs, false, nodes, removed);
  }

  /** Reports are kept as JSON: it is not parsed for each person and second. */
  #encode(node: KnownNode): string {
    const report = this.#directory.heard(node.name)?.reportText;
    const rest = JSON.stringify(this.#describe(node));
    return report === undefined ? rest : `${rest.slice(0, -1)},"report":${report}}`;
  }

  /** Without the report. */
  #describe({ name, group, joined_at_ms, public_key }: KnownNode): FleetNode {
    const heard = this.#directory.heard(name);
    const wanted = this.#wanted(name);
    return {
      name,
      group,
      joined_at_ms,
      key: shortKey(public_key),
      heard_at_ms: heard?.heardAtMs ?? null,
      ...(wanted !== undefined && { wanted }),
    };
  }
}

function encodeFleet(nowMs: number, isFull: boolean, nodes: readonly string[], removed: readonly string[]): string {
  return `{"at_ms":${nowMs},"is_full":${isFull},"nodes":[${nodes.join()}],"removed":${JSON.stringify(removed)}}`;
}

function shortKey(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, KEY_DIGITS);
}
