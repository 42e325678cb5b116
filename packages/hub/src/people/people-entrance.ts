/** Admits people by their tokens, and answers their requests. */
import { type FleetAnswer, type FleetVerb, fleetRequestSchemas, type HubHello } from '@packetlog/common/fleet';
import type { People, Person } from '../identity/people.ts';
import type { ConnectionAccess, Lines } from '../nodes/connection-access.ts';
import type { Rhythm } from '../nodes/rhythm.ts';
import type { FleetRequests } from '../requests/fleet-requests.ts';
import type { FleetFeed, PeopleNamespace, PersonSocket } from './fleet-feed.ts';

const MAX_CONNECTIONS = 500;
/** Requests of one connection that are not answered yet. */
const MAX_UNANSWERED = 16;
const MAX_TOKEN_CHARACTERS = 256;

export interface PeopleParts {
  readonly namespace: PeopleNamespace;
  readonly people: People;
  readonly requests: FleetRequests;
  readonly feed: FleetFeed;
  readonly rhythm: Rhythm;
  readonly access: ConnectionAccess;
  readonly lines: Lines;
  /** Counts a wrong token from this address; returns the seconds to wait, 0 for none. */
  readonly wrongToken: (address: string) => number;
  readonly hello: () => Omit<HubHello, 'person' | 'role'>;
}

export class PeopleEntrance {
  readonly #parts: PeopleParts;
  readonly #sockets = new Map<PersonSocket, Person>();

  constructor(parts: PeopleParts) {
    this.#parts = parts;
    parts.namespace.use((socket, next) => {
      const problem = this.#problemOf(socket as PersonSocket);
      if (problem !== undefined) parts.access.dismissed(socket.request.socket);
      next(problem && Object.assign(new Error(problem.message), { data: problem }));
    });
    parts.namespace.on('connection', (socket) => this.#admit(socket));
    parts.people.onChange((person) => this.#disconnect(person));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  #problemOf({ handshake }: PersonSocket): { code: string; message: string } | undefined {
    const { people, lines, wrongToken } = this.#parts;
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      return {
        code: 'too_many_clients',
        message: `${MAX_CONNECTIONS} people are using the hub already. Try again later.`,
      };
    }
    const token: unknown = handshake.auth['token'];
    const isText = typeof token === 'string' && token.length <= MAX_TOKEN_CHARACTERS;
    if (isText && people.byToken(token) !== undefined) return undefined;
    // A right token is always accepted: wrong ones from the same address must not lock out its owner.
    const seconds = wrongToken(handshake.address);
    lines.warn({ address: handshake.address }, seconds > 0 ? 'too many wrong tokens' : 'wrong token');
    const message =
      seconds > 0
        ? `Too many wrong tokens came from this address. Wait ${seconds} s, then open the URL that you were given.`
        : 'The token is wrong. Ask an administrator of the hub for another: packetlog hub people add NAME --role look.';
    return { code: 'unauthorized', message };
  }

  #admit(socket: PersonSocket): void {
    const { people, access, feed, rhythm, hello } = this.#parts;
    const person = people.byToken(String(socket.handshake.auth['token']));
    if (person === undefined) {
      // Removed in between.
      socket.disconnect(true);
      return;
    }
    this.#sockets.set(socket, person);
    access.admitted(socket.request.socket);
    const endWatch = rhythm.watch();
    socket.on('disconnect', () => {
      this.#sockets.delete(socket);
      feed.leave(socket);
      endWatch();
    });
    this.#answerRequests(socket, person);
    socket.emit('hub', { ...hello(), person: person.person, role: person.role });
    feed.enter(socket);
  }

  #answerRequests(socket: PersonSocket, { person, role }: Person): void {
    const { requests } = this.#parts;
    const caller = { person, role, address: socket.handshake.address };
    let unanswered = 0;
    for (const verb of Object.keys(fleetRequestSchemas) as FleetVerb[]) {
      const answer = async (request: unknown, acknowledge: unknown): Promise<void> => {
        if (typeof acknowledge !== 'function') return;
        if (unanswered >= MAX_UNANSWERED) {
          const message = `${MAX_UNANSWERED} requests of this connection are not answered yet. Wait for their answers.`;
          acknowledge({ ok: false, error: { code: 'unavailable', message, retry_after_ms: 1000 } });
          return;
        }
        unanswered += 1;
        const result: FleetAnswer<FleetVerb> = await requests.ask(verb, request, caller);
        unanswered -= 1;
        acknowledge(result);
      };
      socket.on(`fleet:${verb}`, answer as never);
    }
  }

  /** A person was removed, or has another role: they connect again, if they may. */
  #disconnect(person: string): void {
    for (const [socket, each] of this.#sockets) if (each.person === person) socket.disconnect(true);
  }
}
