/** Groups, rollouts and dry runs of a fleet as text. */
import type { PastDryRunReport } from '@packetlog/common';
import type { Asked, FleetResults, Group, Rollout } from '@packetlog/common/fleet';
import { aligned, grouped } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';
import { dryRunPastText } from '../rules/dry-run-past-text.ts';
import { one } from '../rules/rules-text.ts';
import { lines } from './hub-text.ts';

const STAGES = { one: 'one node first', few: '5 % of the nodes', all: 'all nodes' } as const;
const MAX_SOURCES = 20;

export function groupsText({ groups }: FleetResults['groups']): string {
  const rows = groups.map(({ name, nodes, generation, rollout }) => [
    name,
    grouped(nodes),
    generation === undefined ? 'none' : `${generation.number}`,
    generation === undefined ? '' : `${grouped(generation.rules)}`,
    rollout === undefined ? '' : rollout.state,
    rollout === undefined ? '' : `${grouped(rollout.in_force)} of ${grouped(rollout.wanted)}`,
    generation === undefined ? '' : generation.by,
  ]);
  const headings = ['group', 'nodes', 'generation', 'rules', 'rollout', 'in force', 'by'];
  return lines(
    aligned(
      [headings, ...rows].map((row) => row.map(printableName)),
      new Set([0, 4, 6]),
    ),
  );
}

/** What `packetlog hub rules apply` prints. */
export function appliedText(group: string, { number, rollout }: FleetResults['rules_apply']): string {
  return lines([`Group ${group} has generation ${number}.`, ...rolloutLines(group, rollout)]);
}

/** What `packetlog hub rollout` prints. */
export function rolloutText(group: string, rollout: Rollout): string {
  return lines([`Generation ${rollout.number} of group ${group}:`, ...rolloutLines(group, rollout)]);
}

function rolloutLines(group: string, rollout: Rollout): string[] {
  const { state, stage, wanted, in_force, waiting, rejected, failed, why } = rollout;
  const counts = [
    `in force on ${grouped(in_force)} of ${one(wanted, 'node')}`,
    ...(waiting > 0 ? [`waiting on ${grouped(waiting)}`] : []),
    ...(rejected > 0 ? [`rejected by ${grouped(rejected)}`] : []),
    ...(failed > 0 ? [`failed on ${grouped(failed)}`] : []),
  ].join(', ');
  const resume = `packetlog hub rollout resume --group ${group}`;
  if (state === 'done') return [`Rollout: done; ${counts}.`];
  if (state === 'running') return [`Rollout: running, ${STAGES[stage]}; ${counts}.`];
  return [
    `Rollout: stopped at stage ${STAGES[stage]}; ${counts}.`,
    ...(why === undefined ? [] : [`  ${printableName(why)}`]),
    `Nodes that have it keep it; all others keep the generation before. Apply other rules, or try again: ${resume}.`,
  ];
}

export function statusText(group: string, { groups }: { readonly groups: readonly Group[] }): string {
  const rollout = groups.find(({ name }) => name === group)?.rollout;
  return rollout === undefined ? lines([`Group ${group} has no rules.`]) : rolloutText(group, rollout);
}

export function fleetDryRunText({ asked, answered, missing, sum }: Asked<PastDryRunReport>): string {
  const others = asked - answered - missing.length;
  return lines([
    `${grouped(answered)} of ${one(asked, 'node')} answered.`,
    ...missing.map(({ node, why }) => `  no answer of ${node}: ${printableName(why)}`),
    ...(others > 0 ? [`  and of ${one(others, 'other')}`] : []),
    ...(answered === 0 ? [] : summedText(sum)),
  ]);
}

function summedText(sum: PastDryRunReport): string[] {
  const first = <Entry>(entries: readonly Entry[]) => entries.slice(0, MAX_SOURCES);
  const { known_good, looks_established } = sum;
  const report = {
    ...sum,
    by_source: first(sum.by_source),
    by_port: first(sum.by_port),
    known_good: { ...known_good, by_source: first(known_good.by_source) },
    looks_established: { ...looks_established, by_source: first(looks_established.by_source) },
  };
  return [
    'Numbers of sources are added up: a source that several nodes saw counts for each.',
    '',
    ...dryRunPastText({ report, dryRun: { examples: [] } }),
  ];
}
