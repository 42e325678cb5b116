import { type Fleet, type FleetNode, fleetSchema, type Group, groupSchema } from '@packetlog/common/fleet';
import type { Socket } from 'socket.io-client';

/** The nodes and groups of a hub, as its messages change them. */
export class FleetFeed {
  readonly #changed = new Set<(fleet: Fleet) => void>();
  readonly #regrouped = new Set<(groups: readonly Group[]) => void>();
  readonly #nodes = new Map<string, FleetNode>();
  #groups: readonly Group[] = [];

  constructor(socket: Pick<Socket, 'on'>) {
    socket.on('fleet', (message: unknown) => {
      const fleet = fleetSchema.safeParse(message);
      if (fleet.success) this.#apply(fleet.data);
    });
    socket.on('groups', (message: { groups?: unknown } | null) => {
      if (!Array.isArray(message?.groups)) return;
      const groups = message.groups.map((group) => groupSchema.safeParse(group));
      if (!groups.every(({ success }) => success)) return;
      this.#groups = groups.flatMap(({ data }) => data ?? []);
      for (const listener of this.#regrouped) listener(this.#groups);
    });
  }

  /** All nodes by name, with the newest report of each. Empty until the hub has sent them. */
  get nodes(): ReadonlyMap<string, FleetNode> {
    return this.#nodes;
  }

  /** The groups, as the hub sent them last. */
  get groups(): readonly Group[] {
    return this.#groups;
  }

  /**
   * Calls `listener` with the nodes that changed, at most once a second; `is_full` says that they are all nodes. `nodes` has
   * the change already. Returns a function that ends this.
   */
  onChange(listener: (fleet: Fleet) => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /** Calls `listener` with all groups when one changes, such as its rollout. Returns a function that ends this. */
  onGroups(listener: (groups: readonly Group[]) => void): () => void {
    this.#regrouped.add(listener);
    return () => this.#regrouped.delete(listener);
  }

  #apply(fleet: Fleet): void {
    if (fleet.is_full) this.#nodes.clear();
    for (const name of fleet.removed) this.#nodes.delete(name);
    for (const node of fleet.nodes) this.#nodes.set(node.name, node);
    for (const listener of this.#changed) listener(fleet);
  }
}
