/** `packetlog query --hub`: asks a hub about the fleet's history in ClickHouse. */
import { readFileSync } from 'node:fs';
import { connectHub, type HubClient, PacketLogError } from '@packetlog/client';
import {
  type Filter,
  formatFilter,
  MAX_PAST_ROWS,
  MAX_PAST_STEPS,
  MAX_PAST_TOP,
  PACKET_LOG_SIZE,
  PacketLogView,
  type PastTop,
  TIME_STEP_NS,
} from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { grouped, plural } from '../../past/reading/report-text.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { printableName } from '../../system/interface-name.ts';
import { say } from '../process/say.ts';
import type { WaitingOutput } from '../segments/waiting-output.ts';
import type { Question } from './query.ts';
import { formatted, type QueryFormat, type ResultTable, seriesTable } from './result-table.ts';
import { formattedRows } from './rows-text.ts';

export interface HubQueryOptions {
  readonly hub: string;
  readonly token: string;
  /** File with certificate authorities in PEM. */
  readonly ca: string | undefined;
  /** Undefined: all. */
  readonly nodes: readonly string[] | undefined;
  readonly range: TimeRange;
  readonly filter: Filter | undefined;
  readonly question: Question;
  readonly format: QueryFormat;
}

/** Lists of PastTop by the name for --top. */
const LISTS: Readonly<Record<string, 'sources' | 'ports' | 'rules'>> = {
  source: 'sources',
  port: 'ports',
  rule: 'rules',
};
const NS_PER_MS = 1_000_000n;

interface Answer {
  readonly lines: Iterable<string>;
  readonly packets: number;
  readonly notes: readonly string[];
}

/** Resolves with the exit code. Throws SetupError. */
export async function queryHub(options: HubQueryOptions, output: WaitingOutput): Promise<number> {
  const range = rangeMs(options.range);
  let client: HubClient | undefined;
  try {
    const ca = options.ca === undefined ? undefined : readFileSync(options.ca, 'utf8');
    client = await connectHub(options.hub, { token: options.token, ...(ca !== undefined && { ca }) });
    const { lines, packets, notes } = await answer(client, options, range);
    await output.write([...lines].join(''));
    for (const note of [...notes, `${plural(packets, 'packet')} in the history of ${options.hub}`]) say(note);
    return output.error ? EXIT.failed : EXIT.ok;
  } catch (error) {
    if (!(error instanceof PacketLogError)) throw error;
    say(`packetlog: ${printableName(error.message)}`, 'error');
    return EXIT.failed;
  } finally {
    client?.close();
  }
}

function rangeMs({ fromNs, toNs }: TimeRange): { from_ms: number; to_ms: number } {
  if (fromNs === undefined)
    throw unusable('--hub', 'the range has no beginning', 'Give --from, for example --from -1h.');
  const to_ms = toNs === undefined ? Date.now() : Number(toNs / NS_PER_MS);
  return { from_ms: Number(fromNs / NS_PER_MS), to_ms };
}

async function answer(
  client: HubClient,
  { question, filter, nodes, format }: HubQueryOptions,
  range: { from_ms: number; to_ms: number },
): Promise<Answer> {
  const request = { ...range, ...(filter !== undefined && { filter: formatFilter(filter) }) };
  const notesOf = (missing: readonly { readonly message: string }[]) => missing.map(({ message }) => message);
  switch (question.kind) {
    case 'count': {
      const { coverage } = await client.pastRates({ ...request, max_steps: 1 }, nodes);
      const text =
        format === 'table'
          ? `${coverage.packets}\n`
          : format === 'csv'
            ? `packets\n${coverage.packets}\n`
            : `{"packets":${coverage.packets}}\n`;
      return { lines: [text], packets: coverage.packets, notes: notesOf(coverage.missing) };
    }
    case 'by': {
      const stepMs = Number(TIME_STEP_NS[question.step] / NS_PER_MS);
      const max_steps = Math.ceil(range.to_ms / stepMs) - Math.floor(range.from_ms / stepMs);
      if (max_steps > MAX_PAST_STEPS)
        throw unusable(
          '--by',
          `the range has more than ${MAX_PAST_STEPS} steps`,
          'Choose longer steps or a shorter range.',
        );
      const { columns, first_at_ms, step_ms, coverage } = await client.pastRates({ ...request, max_steps }, nodes);
      const steps = columns.packets.flatMap((packets, i) => {
        const start_ns = BigInt(first_at_ms + i * step_ms) * NS_PER_MS;
        const [bytes = 0, denied = 0] = [columns.bytes[i], columns.denied[i]];
        return packets === 0 ? [] : [{ start_ns, packets, bytes, denied, records: 0 }];
      });
      return {
        lines: formatted(seriesTable({ steps }), format),
        packets: coverage.packets,
        notes: notesOf(coverage.missing),
      };
    }
    case 'top': {
      const list = LISTS[question.top.name];
      if (list === undefined)
        throw unusable(
          '--top',
          `a hub does not count by ${question.top.name}`,
          `Write ${Object.keys(LISTS).join(', ')}.`,
        );
      const top = await client.pastTop({ ...request, limit: Math.min(question.limit, MAX_PAST_TOP) }, nodes);
      const notes = [`${question.top.name}: ${grouped(top[list].distinct)} distinct`, ...notesOf(top.coverage.missing)];
      return { lines: formatted(topTable(list, top), format), packets: top.coverage.packets, notes };
    }
    case 'top-by':
      throw unusable('--by', 'a hub does not list top values by time', 'Leave --by or --top out.');
    case 'rows': {
      const limit = Math.min(question.limit, MAX_PAST_ROWS);
      const rows = await client.pastRows({ ...request, limit }, nodes);
      const records = Buffer.from(rows.records, 'base64');
      const count = records.length / PACKET_LOG_SIZE;
      const view = new PacketLogView(records, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
      let packets = 0;
      for (let i = 0; i < count; i++) packets += view.weight(i);
      const nameOf = (i: number) => `${rows.nodes[i]} #${view.ifindex(i)}`;
      const notes = rows.next === undefined ? [] : [`The newest ${plural(count, 'row')}: --limit prints more.`];
      return { lines: formattedRows(view, nameOf, format), packets, notes };
    }
  }
}

function topTable(list: 'sources' | 'ports' | 'rules', top: PastTop): ResultTable {
  const keys: readonly (readonly [readonly (string | number)[], { packets: number; bytes: number }])[] = {
    sources: top.sources.entries.map((each) => [[each.addr], each] as const),
    ports: top.ports.entries.map((each) => [[each.ip_protocol, each.port], each] as const),
    rules: top.rules.entries.map((each) => [[each.rule_id], each] as const),
  }[list];
  const fields = { sources: ['src_addr'], ports: ['ip_protocol', 'dst_port'], rules: ['rule_id'] }[list];
  const cell = (value: string | number) => ({ value, text: String(value) });
  const sum = (value: number) => ({ value, text: grouped(value) });
  const { others } = top[list];
  const rest = ['others', ...fields.slice(1).map(() => '')].map(cell);
  const rows = keys.map(([key, { packets, bytes }]) => [...key.map(cell), sum(packets), sum(bytes)]);
  if (others.packets > 0) rows.push([...rest, sum(others.packets), sum(others.bytes)]);
  return { fields: [...fields, 'packets', 'bytes'], texts: new Set(fields.map((_, i) => i)), rows };
}

function unusable(target: string, problem: string, next: string): SetupError {
  return new SetupError({ step: 'use', target, problem, next, exit: 'usage' });
}
