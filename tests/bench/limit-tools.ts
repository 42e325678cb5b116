/** The tools that limit each source to 100 packets/s, in front of a rule that drops and counts what they pass. */
import { type BenchLab, kept } from './lab.ts';
import type { Peers } from './peers.ts';

export const LIMIT = '100/s';

export interface LimitTool {
  readonly name: string;
  /** What it is compared with: the same without the limit. */
  readonly without: string;
  /** Limits from now on; the returned function ends it. */
  start(): Promise<() => Promise<unknown>>;
}

export const NOTHING = 'no tool';
export const PASS_ONLY = 'an XDP program that only passes';
export const LRU = 'LRU hash in XDP';
export const NFT_METER = 'nftables meter, raw prerouting';
export const NFT_METER_NETDEV = 'nftables meter, netdev ingress';
export const HASHLIMIT = 'iptables hashlimit, raw prerouting';
export const PACKETLOG_WITHOUT = 'PacketLog, a record of each, no rules';
export const PACKETLOG = 'PacketLog, a record of each, a limit';

export function limitTools(lab: BenchLab, peers: Peers): readonly LimitTool[] {
  const { device } = lab.network.link.server;
  const inside = (...command: [string, ...string[]]) => lab.network.server.exec(...command);
  const meter = async (family: string, hook: string) => {
    const table = `${family} bench`;
    await inside(
      'nft',
      `table ${table} {
        set sources { type ipv4_addr; flags dynamic; size 2000000; }
        chain limited {
          type filter hook ${hook}; policy accept;
          update @sources { ip saddr limit rate over 100/second burst 100 packets } counter drop
        }
      }`,
    );
    return () => inside('nft', 'delete', 'table', ...table.split(' '));
  };
  const HASHLIMIT_RULE = [
    'iptables -t raw -A PREROUTING -m hashlimit --hashlimit-above 100/sec --hashlimit-burst 100 --hashlimit-mode srcip',
    '--hashlimit-name bench --hashlimit-htable-size 1048576 --hashlimit-htable-max 1048576 -j DROP',
  ].join(' ');
  return [
    { name: NOTHING, without: NOTHING, start: async () => async () => {} },
    {
      name: PASS_ONLY,
      without: PASS_ONLY,
      start: async () => {
        const passing = await lab.startPassing();
        return () => passing.end();
      },
    },
    {
      name: LRU,
      without: PASS_ONLY,
      start: async () => {
        const limiting = await lab.startLimiting(peers.lruLimitObject);
        return () => limiting.end();
      },
    },
    { name: NFT_METER, without: NOTHING, start: () => meter('ip', 'prerouting priority raw') },
    { name: NFT_METER_NETDEV, without: NOTHING, start: () => meter('netdev', `ingress device ${device} priority 0`) },
    {
      name: HASHLIMIT,
      without: NOTHING,
      start: async () => {
        await inside('sh', '-c', HASHLIMIT_RULE);
        return () => inside('iptables', '-t', 'raw', '-F', 'PREROUTING');
      },
    },
    { name: PACKETLOG_WITHOUT, without: PACKETLOG_WITHOUT, start: () => watching(lab.startWithoutRules()) },
    { name: PACKETLOG, without: PACKETLOG_WITHOUT, start: () => watching(lab.startPacketlog()) },
  ];
}

async function watching(starting: ReturnType<BenchLab['startPacketlog']>): Promise<() => Promise<number>> {
  const tool = await starting;
  return async () => kept(await tool.stop());
}
