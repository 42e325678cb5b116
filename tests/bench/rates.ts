/** Measures the cost of a packet by rate: at low rates few packets share a wake-up. */
import { Contestant, type ContestantOptions } from './contestant.ts';
import type { Peers } from './peers.ts';
import { type Report, Rounds, say, table, text } from './report.ts';

const ROUNDS = 3;
const RATES = [1_000, 10_000, 100_000] as const;
const SECONDS = 0.7;

const ENTRIES: Readonly<Record<string, ContestantOptions>> = {
  'perf events, wake-up each, C libbpf': { transport: 'perf', clock: 'precise', reader: 'perf' },
  'kernel ring, ring_buffer__poll, C': { transport: 'ring', clock: 'precise', reader: 'poll' },
  'kernel ring, spans each ms, C': { transport: 'ring', clock: 'precise', reader: 'span' },
  PacketLog: { transport: 'array', clock: 'precise', reader: 'packetlog' },
};

export async function compareRates(peers: Peers, report: Report): Promise<void> {
  const contestants = new Map<string, Contestant>();
  for (const [name, options] of Object.entries(ENTRIES)) contestants.set(name, await Contestant.open(peers, options));
  const xdp = new Rounds();
  const cpu = new Rounds();
  for (let round = -1; round < ROUNDS; round++) {
    for (const perSecond of RATES) {
      for (const [name, contestant] of contestants) {
        const outcome = await contestant.run({ packets: perSecond * SECONDS, perSecond });
        if (outcome.kept !== outcome.sent) throw new Error(`${name}: ${outcome.sent - outcome.kept} packets lost`);
        if (round < 0) continue;
        xdp.add(`${name} ${perSecond}`, outcome.xdpNs);
        cpu.add(`${name} ${perSecond}`, outcome.cpuNs / 1e7 / SECONDS);
      }
    }
  }
  for (const contestant of contestants.values()) await contestant.close();

  const names = Object.keys(ENTRIES);
  const row = (name: string, figures: Rounds) => RATES.map((rate) => text(figures.median(`${name} ${rate}`)));
  const rates = RATES.map((rate) => `${text(rate)}/s`);
  say(`\nBy rate: ns per packet in XDP, and the reader's CPU in % (medians of ${ROUNDS} rounds, nothing lost)`);
  table(
    ['', ...rates.map((rate) => `ns ${rate}`), ...rates.map((rate) => `% ${rate}`)],
    names.map((name) => [name, ...row(name, xdp), ...row(name, cpu)]),
  );
  report.section(
    'rates',
    Object.fromEntries(
      names.map((name) => [
        name,
        RATES.map((rate) => ({
          packets_per_s: rate,
          xdp_ns: xdp.spread(`${name} ${rate}`),
          reader_cpu_percent: cpu.spread(`${name} ${rate}`),
        })),
      ]),
    ),
  );
}
