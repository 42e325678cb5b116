/** Which role each request needs: the only place that decides it. */
import type { CheckedFleetRequest, FleetVerb, Role } from '@packetlog/common/fleet';

/** What a request needs: any role, the right to change rules of a group, or the role `admin`. */
export type Needed = 'look' | 'admin' | { readonly group: string };

type NeededOf = {
  readonly [Verb in FleetVerb]:
    | 'look'
    | 'admin'
    /** `groupOf` returns the group of a node; undefined: there is no such node, and the handler says so. */
    | ((request: CheckedFleetRequest<Verb>, groupOf: (node: string) => string | undefined) => Needed);
};

const ofGroup = ({ group }: { readonly group: string }): Needed => ({ group });

const NEEDED: NeededOf = {
  nodes: 'look',
  groups: 'look',
  rules: 'look',
  dry_run: 'look',
  past_rates: 'look',
  past_top: 'look',
  past_rows: 'look',
  history: 'look',
  audit: 'look',
  rules_apply: ofGroup,
  rollout: ofGroup,
  repair: ({ node }, groupOf) => {
    const group = groupOf(node);
    return group === undefined ? 'look' : { group };
  },
  rename: 'admin',
  revoke: 'admin',
  move: 'admin',
  group_add: 'admin',
  group_remove: 'admin',
  join_token: 'admin',
  join_tokens: 'admin',
  join_token_revoke: 'admin',
  people: 'admin',
  person_add: 'admin',
  person_remove: 'admin',
};

/** Requests that change nothing: they are not in the audit trail. */
const ONLY_LOOK: ReadonlySet<FleetVerb> = new Set([
  'nodes',
  'groups',
  'rules',
  'dry_run',
  'past_rates',
  'past_top',
  'past_rows',
  'history',
  'audit',
  'join_tokens',
  'people',
]);

export function changesSomething(verb: FleetVerb): boolean {
  return !ONLY_LOOK.has(verb);
}

export function neededRole<Verb extends FleetVerb>(
  verb: Verb,
  request: CheckedFleetRequest<Verb>,
  groupOf: (node: string) => string | undefined,
): Needed {
  const needed = NEEDED[verb];
  return typeof needed === 'function' ? needed(request, groupOf) : needed;
}

export function isEnough(role: Role, needed: Needed): boolean {
  if (role.kind === 'admin' || needed === 'look') return true;
  return needed !== 'admin' && role.kind === 'rules' && role.groups.includes(needed.group);
}

/** Whether the person may change rules and bans of a node of this group itself, through the hub. */
export function mayChangeNode(role: Role, group: string): boolean {
  return isEnough(role, { group });
}

/** Returns a sentence. */
export function missingRoleText(needed: Needed): string {
  const role = typeof needed === 'string' ? needed : `rules:${needed.group}`;
  return `This needs the role ${role}. Ask an administrator of the hub: packetlog hub people add NAME --role ${role}.`;
}
