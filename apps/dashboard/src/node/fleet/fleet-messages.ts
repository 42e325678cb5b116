/** Checks of the hub's messages. No message is used before its check. */
import type { Fleet, FleetError, FleetNode, Group, HubHello, NodeReport, Role, Rollout } from '@packetlog/common/fleet';
import { type Check, isCount, isFlag, isList, isNumber, isOneOf, isShape, isText, mayBe } from '../messages/shape.ts';

const isRole: Check<Role> = (value): value is Role =>
  isShape<{ kind: Role['kind'] }>({ kind: isOneOf<Role['kind']>('look', 'rules', 'admin') })(value) &&
  (value.kind !== 'rules' || isList(isText)((value as { groups?: unknown }).groups));

export const isHubHello = isShape<HubHello>({
  version: isText,
  hub: isText,
  started_at_ms: isNumber,
  person: isText,
  role: isRole,
  has_history: isFlag,
});

const isRate: Check<number> = (value): value is number => isNumber(value) && value > 0;

const isReport = isShape<NodeReport>({
  at_ms: isNumber,
  version: isText,
  session_id: isText,
  started_at_ms: isNumber,
  interfaces: isList(
    isShape<NodeReport['interfaces'][number]>({
      name: isText,
      mode: isOneOf<NodeReport['interfaces'][number]['mode']>('native_frags', 'native', 'generic'),
      state: isOneOf<NodeReport['interfaces'][number]['state']>('attached', 'gone', 'waiting'),
    }),
  ),
  interval_ms: isRate,
  packets: isCount,
  bytes: isCount,
  denied: isCount,
  top_sources: isList(isShape<NodeReport['top_sources'][number]>({ addr: isText, packets: isCount, bytes: isCount })),
  top_ports: isList(
    isShape<NodeReport['top_ports'][number]>({ ip_protocol: isCount, port: isCount, packets: isCount, bytes: isCount }),
  ),
  ledger: isShape<NodeReport['ledger']>({
    seen: isCount,
    permitted: isCount,
    denied: isCount,
    aborted: isCount,
    sampled_out: isCount,
    filtered_out: isCount,
    ring_full: isCount,
  }),
  recorder: isOneOf<NodeReport['recorder']>('recording', 'stopped', 'off'),
  ship: mayBe(
    isShape<NonNullable<NodeReport['ship']>>({
      offered: isCount,
      acked: isCount,
      pending: isCount,
      expired: isCount,
      rejected: mayBe(isCount),
    }),
  ),
  rules: isShape<NodeReport['rules']>({
    revision: isCount,
    generation: mayBe(
      isShape<NonNullable<NodeReport['rules']['generation']>>({ group: isText, number: isCount, hash: isText }),
    ),
    answer: mayBe(
      isShape<NonNullable<NodeReport['rules']['answer']>>({
        number: isCount,
        state: isOneOf<NonNullable<NodeReport['rules']['answer']>['state']>(
          ...(['in_force', 'waiting', 'rejected', 'failed'] as const),
        ),
        code: mayBe(isText),
        message: mayBe(isText),
        pending_until_ms: mayBe(isNumber),
      }),
    ),
    drift: mayBe(isList(isText)),
  }),
  alarm: mayBe(
    isShape<NonNullable<NodeReport['alarm']>>({
      at_ms: isNumber,
      level: isOneOf<NonNullable<NodeReport['alarm']>['level']>('warning', 'error'),
      code: isText,
      message: isText,
    }),
  ),
});

const isNullOrNumber: Check<number | null> = (value): value is number | null => value === null || isNumber(value);

export const isFleetNode = isShape<FleetNode>({
  name: isText,
  group: isText,
  joined_at_ms: isNumber,
  key: isText,
  heard_at_ms: isNullOrNumber,
  wanted: mayBe(isCount),
  report: mayBe(isReport),
});

/** The nodes are checked one by one: a thousand take longer than a frame. */
export const isFleet = isShape<Omit<Fleet, 'nodes'> & { nodes: unknown[] }>({
  at_ms: isNumber,
  is_full: isFlag,
  nodes: (value): value is unknown[] => Array.isArray(value),
  removed: isList(isText),
});

export const isGroups = isShape<{ groups: Group[] }>({
  groups: isList(
    isShape<Group>({
      name: isText,
      nodes: isCount,
      generation: mayBe(
        isShape<NonNullable<Group['generation']>>({
          number: isCount,
          hash: isText,
          by: isText,
          at_ms: isNumber,
          note: isText,
          rules: isCount,
          lists: isCount,
        }),
      ),
      rollout: mayBe(
        isShape<Rollout>({
          number: isCount,
          state: isOneOf<Rollout['state']>('running', 'stopped', 'done'),
          stage: isOneOf<Rollout['stage']>('one', 'few', 'all'),
          wanted: isCount,
          in_force: isCount,
          waiting: isCount,
          rejected: isCount,
          failed: isCount,
          why: mayBe(isText),
        }),
      ),
    }),
  ),
});

export const isFleetError = isShape<FleetError>({
  code: isOneOf<FleetError['code']>('forbidden', 'invalid', 'not_found', 'conflict', 'unavailable', 'internal'),
  message: isText,
  field: mayBe(isText),
  retry_after_ms: mayBe(isCount),
});
