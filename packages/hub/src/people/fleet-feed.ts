/**
 * Sends the fleet to people: all nodes and groups at the start, then at most once a second the nodes that changed, and the
 * groups if something about them did. Each message is encoded once, whoever gets it. People who do not read get all nodes again when they do.
 */
import type { Group, HubToPersonEvents, PersonToHubEvents } from '@packetlog/common/fleet';
import type { Namespace, Socket } from 'socket.io';
import type { FleetNodes } from './fleet-nodes.ts';

export type PeopleNamespace = Namespace<PersonToHubEvents, HubToPersonEvents>;
export type PersonSocket = Socket<PersonToHubEvents, HubToPersonEvents>;

const INTERVAL_MS = 1000;
/** The room of people who have all nodes, and get changes. */
const CURRENT = 'current';
/** The room of people who get all nodes next. */
const NEXT = 'next';

export class FleetFeed {
  readonly #namespace: PeopleNamespace;
  readonly #nodes: FleetNodes;
  readonly #groups: () => Group[];
  readonly #now: () => number;
  readonly #sockets = new Set<PersonSocket>();
  readonly #changed = new Set<string>();
  #sentGroups = '';
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `now` returns milliseconds since 1970. */
  constructor(namespace: PeopleNamespace, nodes: FleetNodes, groups: () => Group[], now: () => number) {
    this.#namespace = namespace;
    this.#nodes = nodes;
    this.#groups = groups;
    this.#now = now;
  }

  enter(socket: PersonSocket): void {
    this.#sockets.add(socket);
    void socket.join(NEXT);
    this.#schedule();
  }

  leave(socket: PersonSocket): void {
    this.#sockets.delete(socket);
  }

  /** Something about this node is new. */
  changed(name: string): void {
    // Without people nothing is collected: who comes gets all nodes.
    if (this.#sockets.size === 0) return;
    this.#changed.add(name);
    this.#schedule();
  }

  /** Something about a group is new. */
  groupsChanged(): void {
    if (this.#sockets.size > 0) this.#schedule();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, INTERVAL_MS - (performance.now() - this.#sentAtMs));
    this.#timer = setTimeout(() => this.#send(), waitMs).unref();
  }

  #send(): void {
    this.#timer = undefined;
    this.#sentAtMs = performance.now();
    let areSlow = false;
    for (const socket of this.#sockets) areSlow = !this.#sort(socket) || areSlow;
    const { rooms } = this.#namespace.adapter;
    if (this.#changed.size > 0 && rooms.has(CURRENT)) {
      this.#fleet(CURRENT, this.#nodes.encodeSome(this.#changed, this.#now()));
    }
    this.#changed.clear();
    // Reports change the counts of rollouts, too.
    const groups = this.#groups();
    const text = JSON.stringify(groups);
    if (text !== this.#sentGroups) this.#namespace.to(CURRENT).emit('groups', { groups });
    this.#sentGroups = text;
    if (rooms.has(NEXT)) {
      this.#fleet(NEXT, this.#nodes.encodeAll(this.#now()));
      this.#namespace.to(NEXT).emit('groups', { groups });
      this.#namespace.in(NEXT).socketsJoin(CURRENT);
      this.#namespace.in(NEXT).socketsLeave(NEXT);
    }
    if (areSlow) this.#schedule();
  }

  /** Sends the event `fleet`, whose value is JSON already: an event of the default namespace is `2["NAME",VALUE]`. */
  #fleet(room: string, value: string): void {
    const message = `2["fleet",${value}]`;
    for (const socket of this.#sockets) if (socket.rooms.has(room)) socket.conn.write(message);
  }

  /** Returns whether this person has read what was sent before; puts them in their room. */
  #sort(socket: PersonSocket): boolean {
    const hasRead = socket.conn.transport.writable;
    if (!hasRead) {
      void socket.leave(CURRENT);
      void socket.leave(NEXT);
    } else if (!socket.rooms.has(CURRENT)) void socket.join(NEXT);
    return hasRead;
  }
}
