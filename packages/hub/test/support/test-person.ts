/** A person who uses the hub, with every message that the hub sent. */
import type {
  Fleet,
  FleetAnswer,
  FleetRequest,
  FleetVerb,
  Group,
  HubHello,
  HubToPersonEvents,
} from '@packetlog/common/fleet';
import { io, type Socket } from 'socket.io-client';

export class TestPerson {
  readonly socket: Socket<HubToPersonEvents>;
  readonly fleets: Fleet[] = [];
  readonly groups: Group[][] = [];
  /** Rejects with the hub's error if it does not accept the token. */
  readonly hello: Promise<HubHello>;
  readonly closed: Promise<void>;

  constructor(url: string, token: string) {
    this.socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true, auth: { token } });
    this.socket.on('fleet', (fleet) => this.fleets.push(fleet));
    this.socket.on('groups', ({ groups }) => this.groups.push(groups));
    this.hello = new Promise((resolve, reject) => {
      this.socket.once('hub', resolve);
      this.socket.once('connect_error', reject);
    });
    // A test that expects no rejection waits for it otherwise.
    this.hello.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.socket.once('disconnect', () => resolve());
    });
  }

  ask<Verb extends FleetVerb>(verb: Verb, request: FleetRequest<Verb>): Promise<FleetAnswer<Verb>> {
    return new Promise((resolve) => {
      (this.socket as Socket).emit(`fleet:${verb}`, request, resolve);
    });
  }

  close(): void {
    this.socket.disconnect();
  }
}
