/**
 * The nodes of the fleet: names, keys and groups, as they are in the state. The register follows changes of other hubs.
 * A node is known by its key, and its name can change.
 */
import { createHash } from 'node:crypto';
import { groupNameSchema, MAX_NODES_OF_A_HUB, nodeNameSchema, publicKeySchema } from '@packetlog/common/fleet';
import * as z from 'zod/mini';
import { FleetRejection } from '../requests/handlers.ts';
import { changeValue } from '../state/change-value.ts';
import { type HubState, StateConflict, type Stored } from '../state/hub-state.ts';
import { ignoringDamaged, readRecord } from './records.ts';

const PREFIX = 'nodes/';
const REVOKED = 'revoked/';

const recordSchema = z.strictObject({
  group: groupNameSchema,
  public_key: publicKeySchema,
  joined_at_ms: z.number(),
  /** Its name before it was renamed. */
  previous: z.optional(nodeNameSchema),
});

export interface KnownNode extends z.infer<typeof recordSchema> {
  readonly name: string;
}

type NodeChanged = (name: string, node: KnownNode | undefined) => void;

export class NodeRegister {
  readonly #state: HubState;
  readonly #nodes = new Map<string, KnownNode>();
  readonly #byKey = new Map<string, KnownNode>();
  readonly #callbacks = new Set<NodeChanged>();
  #end: () => void = () => {};

  private constructor(state: HubState) {
    this.#state = state;
  }

  static async open(state: HubState): Promise<NodeRegister> {
    const register = new NodeRegister(state);
    // First: no change between both is missed.
    register.#end = await state.watch(
      PREFIX,
      ignoringDamaged((key, stored) => register.#changed(key, stored)),
    );
    for (const [key, stored] of await state.list(PREFIX)) register.#changed(key, stored);
    await register.#finishRenaming();
    return register;
  }

  get size(): number {
    return this.#nodes.size;
  }

  all(): Iterable<KnownNode> {
    return this.#nodes.values();
  }

  get(name: string): KnownNode | undefined {
    return this.#nodes.get(name);
  }

  byKey(publicKey: string): KnownNode | undefined {
    return this.#byKey.get(publicKey);
  }

  async isRevoked(publicKey: string): Promise<boolean> {
    return (await this.#state.get(revokedKey(publicKey))) !== undefined;
  }

  /** Calls back for each node that was added, changed or removed, by any hub. Returns what ends it. */
  onChange(callback: NodeChanged): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Returns false if the name is taken. */
  async add({ name, ...record }: KnownNode): Promise<boolean> {
    if (this.#nodes.size >= MAX_NODES_OF_A_HUB) throw new FleetRejection('unavailable', tooManyNodes());
    try {
      const value = JSON.stringify(record);
      this.#changed(PREFIX + name, { value, revision: await this.#state.put(PREFIX + name, value, 0) });
      return true;
    } catch (error) {
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }

  /**
   * Adds a node that joins. A node joins at all hubs at the same moment: `isNew` only where it was added. Returns undefined
   * if another node has the name.
   */
  async join(node: KnownNode): Promise<{ readonly node: KnownNode; readonly isNew: boolean } | undefined> {
    if (await this.add(node)) return { node, isNew: true };
    const key = PREFIX + node.name;
    const stored = await this.#state.get(key);
    if (stored !== undefined) this.#changed(key, stored);
    const known = this.#nodes.get(node.name);
    return known?.public_key === node.public_key ? { node: known, isNew: false } : undefined;
  }

  /** Removes a node that could not join after all. */
  async leave({ name, public_key }: KnownNode): Promise<void> {
    await this.#remove(name, public_key);
  }

  /** Throws FleetRejection. */
  async rename(name: string, to: string): Promise<void> {
    const { name: _, ...record } = this.#known(name);
    if (!(await this.add({ ...record, name: to, previous: name }))) {
      throw new FleetRejection('conflict', `There is a node ${to} already. Choose another name, or rename that one.`);
    }
    await this.#remove(name, record.public_key);
  }

  /** Throws FleetRejection. */
  async move(name: string, group: string): Promise<void> {
    this.#known(name);
    await changeValue(this.#state, PREFIX + name, (value) => {
      if (value === undefined) throw unknownNode(name);
      const record = readRecord(PREFIX + name, value, recordSchema);
      return { value: JSON.stringify({ ...record, group }), result: undefined };
    });
  }

  /** Removes a node, whose key is rejected from now on. Its name is free. Throws FleetRejection. */
  async revoke(name: string, atMs: number): Promise<void> {
    const { public_key } = this.#known(name);
    const entry = JSON.stringify({ name, at_ms: atMs });
    await changeValue(this.#state, revokedKey(public_key), () => ({ value: entry, result: undefined }));
    await this.#remove(name, public_key);
  }

  close(): void {
    this.#end();
    this.#callbacks.clear();
  }

  async #remove(name: string, publicKey: string): Promise<void> {
    const key = PREFIX + name;
    const isRemoved = await changeValue(this.#state, key, (value) => {
      const isSame = value !== undefined && readRecord(key, value, recordSchema).public_key === publicKey;
      return { value: isSame ? undefined : value, result: isSame };
    });
    if (isRemoved) this.#changed(key, undefined);
  }

  #known(name: string): KnownNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw unknownNode(name);
    return node;
  }

  /** A hub that was killed while it renamed a node leaves both names. */
  async #finishRenaming(): Promise<void> {
    for (const { previous, public_key } of [...this.#nodes.values()]) {
      if (previous === undefined || this.#nodes.get(previous)?.public_key !== public_key) continue;
      await this.#remove(previous, public_key);
    }
  }

  #changed(key: string, stored: Stored | undefined): void {
    const name = key.slice(PREFIX.length);
    const before = this.#nodes.get(name);
    const node = stored && { ...readRecord(key, stored.value, recordSchema), name };
    if (before !== undefined && this.#byKey.get(before.public_key) === before) this.#byKey.delete(before.public_key);
    if (node === undefined) this.#nodes.delete(name);
    else {
      this.#nodes.set(name, node);
      this.#byKey.set(node.public_key, node);
    }
    if (JSON.stringify(before) === JSON.stringify(node)) return;
    for (const callback of this.#callbacks) callback(name, node);
  }
}

/** Hexadecimal: a key of the state may not begin with a dash. */
function revokedKey(publicKey: string): string {
  return REVOKED + createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
}

function unknownNode(name: string): FleetRejection {
  return new FleetRejection('not_found', `There is no node ${name}. See: packetlog hub nodes.`);
}

function tooManyNodes(): string {
  return `The hub has ${MAX_NODES_OF_A_HUB} nodes, the most it can have. Revoke some, or use another hub.`;
}
