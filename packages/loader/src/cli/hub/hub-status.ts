/** `packetlog hub status`: whether the hub runs, how old the data of its nodes is, and what needs attention. */
import { text as textOf } from 'node:stream/consumers';
import type { Fleet, FleetAnswer, FleetNode, FleetResults } from '@packetlog/common/fleet';
import { EXIT } from '../../errors/exit-codes.ts';
import { grouped } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';
import { jsonLine } from './hub-client.ts';
import type { HubPlace } from './hub-command-options.ts';
import { askSocket } from './hub-socket.ts';
import { controlSocketOf } from './hub-state.ts';
import { ageText, lines } from './hub-text.ts';

/** Three reports while nobody watches. */
const RECENT_MS = 30_000;
const MAX_NAMES = 5;

export interface HubStatus {
  readonly running: boolean;
  readonly nodes?: number;
  /** Heard in the last 30 s. */
  readonly heard?: number;
  readonly stale?: readonly { readonly name: string; readonly age_s: number | null }[];
  readonly drifted?: readonly string[];
  readonly alarms?: readonly { readonly name: string; readonly message: string }[];
  readonly stopped_rollouts?: readonly { readonly group: string; readonly why: string }[];
}

/** Exit code 1 if no hub runs. Throws SetupError if it cannot be reached. */
export async function hubStatus(place: HubPlace, json: boolean, print: (text: string) => void): Promise<number> {
  const nodes = await asked<'nodes'>(place, 'nodes');
  const groups = nodes && (await asked<'groups'>(place, 'groups'));
  const status = statusOf(nodes, groups);
  print(json ? jsonLine(status) : lines(statusLines(status, controlSocketOf(place))));
  return status.running ? EXIT.ok : EXIT.failed;
}

async function asked<Verb extends 'nodes' | 'groups'>(
  place: HubPlace,
  verb: Verb,
): Promise<FleetResults[Verb] | undefined> {
  const response = await askSocket(controlSocketOf(place), `/fleet/${verb}`, '{}');
  if (response === undefined) return undefined;
  const answer = JSON.parse(await textOf(response)) as FleetAnswer<Verb>;
  return answer.ok ? answer.value : undefined;
}

export function statusOf(fleet: Fleet | undefined, groups: FleetResults['groups'] | undefined): HubStatus {
  if (fleet === undefined) return { running: false };
  const isRecent = ({ heard_at_ms }: FleetNode) => heard_at_ms !== null && fleet.at_ms - heard_at_ms <= RECENT_MS;
  const stale = fleet.nodes.filter((node) => !isRecent(node));
  return {
    running: true,
    nodes: fleet.nodes.length,
    heard: fleet.nodes.length - stale.length,
    stale: stale.map(({ name, heard_at_ms }) => ({
      name,
      age_s: heard_at_ms === null ? null : (fleet.at_ms - heard_at_ms) / 1000,
    })),
    drifted: fleet.nodes.filter(({ report }) => (report?.rules.drift ?? []).length > 0).map(({ name }) => name),
    alarms: fleet.nodes.flatMap(({ name, report }) =>
      report?.alarm === undefined ? [] : [{ name, message: report.alarm.message }],
    ),
    stopped_rollouts: (groups?.groups ?? []).flatMap(({ name, rollout }) =>
      rollout?.state === 'stopped' ? [{ group: name, why: rollout.why ?? '' }] : [],
    ),
  };
}

export function statusLines(status: HubStatus, socket: string): string[] {
  if (!status.running) return [`No hub runs at ${socket}. Start it: packetlog hub, or systemctl start packetlog-hub.`];
  const { nodes = 0, heard = 0, stale = [], drifted = [], alarms = [], stopped_rollouts: stopped = [] } = status;
  const named = (each: { readonly name: string; readonly age_s: number | null }) =>
    `${each.name} (${each.age_s === null ? 'not since the hub started' : ageText(each.age_s)})`;
  return [
    `Nodes: ${grouped(nodes)}, of which ${grouped(heard)} were heard in the last ${RECENT_MS / 1000} s.`,
    ...(stale.length === 0 ? [] : [`Not heard: ${listed(stale.map(named))}.`]),
    ...(drifted.length === 0 ? [] : [`Rules changed on the node: ${listed(drifted)}.`]),
    ...stopped.map(({ group, why }) => `Rollout to ${group} stopped: ${printableName(why)}`),
    ...alarms.slice(0, MAX_NAMES).map(({ name, message }) => `Last alarm of ${name}: ${printableName(message)}`),
  ];
}

function listed(names: readonly string[]): string {
  const others = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (others > 0 ? `, and ${grouped(others)} more` : '');
}
