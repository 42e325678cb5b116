/** Requests about nodes, join tokens, people and the audit trail. */
import type { FleetIdentity } from '../identity/fleet-identity.ts';
import { type FleetHandlers, FleetRejection } from '../requests/handlers.ts';
import type { FleetNodes } from './fleet-nodes.ts';

export interface IdentityHandlerParts {
  readonly identity: FleetIdentity;
  readonly nodes: FleetNodes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Somebody has looked at the nodes. */
  readonly glance: () => void;
}

export function identityHandlers({ identity, nodes, now, glance }: IdentityHandlerParts): FleetHandlers {
  const { register, tokens, people, audit } = identity;
  return {
    nodes: () => {
      glance();
      return nodes.all(now());
    },
    rename: async ({ node, to }) => {
      await register.rename(node, to);
      return { node: to };
    },
    revoke: async ({ node }) => {
      await register.revoke(node, now());
      return { node };
    },
    move: async ({ node, group }) => {
      await register.move(node, group);
      return { node, group };
    },
    join_token: (request) => tokens.make(request),
    join_tokens: async () => ({ tokens: await tokens.list() }),
    join_token_revoke: async ({ id }) => {
      if (await tokens.revoke(id)) return { id };
      throw new FleetRejection('not_found', `There is no join token ${id}: it has expired, or was revoked.`);
    },
    people: () => ({ people: people.list() }),
    person_add: async ({ person, role }) => ({ person, token: await people.add(person, role, now()) }),
    person_remove: async ({ person }, caller) => {
      if (person === caller.person && caller.address !== undefined) {
        throw new FleetRejection('conflict', 'You cannot remove yourself. Ask another administrator.');
      }
      await people.remove(person);
      return { person };
    },
    audit: async ({ limit }) => ({ entries: await audit.newest(limit) }),
  };
}
