/** Measures the cost of rule sets by size for packets of random sources, and that of the kernel's trie. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listText } from '../../bench/peers/rule-list.mjs';
import { PRODUCER_CPU } from './contestant.ts';
import { result } from './dialogue.ts';
import { BenchLab } from './lab.ts';
import type { Peers } from './peers.ts';
import { type Report, say, table, text } from './report.ts';
import { median, rounded, spread } from './statistics.ts';

const ROUNDS = 9;
const LOADS = 3;
/** Numbers of addresses; each set has a tenth as many networks. */
const ADDRESSES = 1_000_000;

interface Measured {
  rules_ns: number[];
  /** For packets from exact addresses of the set; this and the next are empty for a set without entries. */
  listed_ns: number[];
  trie_ns: number[];
  total_ns: number[];
  image_bytes: number;
  /** Parsing of the list from text. */
  parse_ms: number;
  compile_ms: number;
  publish_ms: number;
}

export async function compareRules(peers: Peers, report: Report): Promise<void> {
  const command = [process.execPath, peers.rules, peers.randomSourceObject, String(ROUNDS)];
  const measured = await result<Record<string, Measured>>({ cpus: PRODUCER_CPU }, command);
  const counts = Object.entries(measured);

  say(`\nRule sets, a random IPv4 source per packet (medians of ${ROUNDS} rounds)`);
  table(
    [
      'addresses (and a tenth as many networks)',
      'added ns/packet',
      'of listed sources',
      'in all',
      "kernel's trie, added",
      'image MiB',
      'read list ms',
      'compile ms',
      'publish ms',
    ],
    counts.map(([count, { rules_ns, listed_ns, trie_ns, total_ns, image_bytes, parse_ms, compile_ms, publish_ms }]) => [
      text(Number(count)),
      text(median(rules_ns)),
      listed_ns.length > 0 ? text(median(listed_ns)) : '-',
      text(median(total_ns)),
      trie_ns.length > 0 ? text(median(trie_ns)) : '-',
      text(image_bytes / 2 ** 20),
      text(parse_ms),
      text(compile_ms),
      text(publish_ms),
    ]),
  );
  const medians = (of: (measured: Measured) => number[]) =>
    Object.fromEntries(counts.flatMap(([count, each]) => (of(each).length > 0 ? [[count, median(of(each))]] : [])));
  report.section(
    'rules_ns_per_packet',
    medians(({ rules_ns }) => rules_ns),
  );
  report.section(
    'rules_listed_ns_per_packet',
    medians(({ listed_ns }) => listed_ns),
  );
  report.section(
    'rules_lpm_trie_ns_per_packet',
    medians(({ trie_ns }) => trie_ns),
  );
  report.section(
    'rules_load_ms',
    Object.fromEntries(
      counts.map(([count, { parse_ms, compile_ms, publish_ms }]) => [
        count,
        Math.round(parse_ms + compile_ms + publish_ms),
      ]),
    ),
  );
  report.section(
    'rules',
    Object.fromEntries(
      counts.map(
        ([count, { rules_ns, listed_ns, trie_ns, total_ns, image_bytes, parse_ms, compile_ms, publish_ms }]) => [
          count,
          {
            added_ns: spread(rules_ns),
            total_ns: spread(total_ns),
            ...(trie_ns.length > 0 && { listed_added_ns: spread(listed_ns), trie_added_ns: spread(trie_ns) }),
            image_bytes,
            parse_ms,
            compile_ms,
            publish_ms,
          },
        ],
      ),
    ),
  );
  await measureLoad(peers, report);
}

/** Measures the time from a command until its rules are in force: for a long list, and for one more address. */
async function measureLoad(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-rules-'));
  try {
    const list = join(directory, 'list.txt');
    writeFileSync(list, listText(ADDRESSES));
    const imports: number[] = [];
    const changes: number[] = [];
    const tool = await lab.startPacketlog();
    for (let i = 0; i < LOADS; i++) {
      imports.push(await lab.rules('import', list, '--force'));
      changes.push(await lab.rules('add', 'deny', '203.0.113.7'));
      for (const _ of ['add', 'import']) await lab.rules('undo');
    }
    await tool.stop();
    const load = { import: rounded(median(imports)), change: rounded(median(changes)) };
    say(
      `\n${text(ADDRESSES)} addresses by packetlog rules import: ${text(load.import)} s; a change then: ${text(load.change)} s`,
    );
    report.section('rules_load_s', load.import);
    report.section('rules_change_s', load.change);
  } finally {
    await lab.close();
    rmSync(directory, { recursive: true });
  }
}
