/** The tools that deny the packets of 1,000 sources, each by a list of these addresses. */
import type { Dialogue } from '../lab/dialogue.ts';
import { READER_CPU } from './contestant.ts';
import { startDialogue } from './dialogue.ts';
import { type BenchLab, kept, type Tool } from './lab.ts';

/** Those of the generator: `bench/traffic/generate.bpf.c`. */
const SOURCES = Array.from({ length: 1000 }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
export const SOURCE_LIST = SOURCES.map((address) => `${address}\n`).join('');

export interface DenyTool {
  readonly name: string;
  /** Denies from now on. */
  start(): Promise<Denying>;
}

interface Denying {
  /** Ends it. Returns the number of packets of which it has a record; undefined if it makes none. */
  finish(): Promise<number | undefined>;
}

export const DROP_ONLY = 'an XDP program that only drops';
export const XDP_FILTER = 'xdp-filter';
export const NFT_NETDEV = 'nftables, netdev ingress';
export const NFT_RAW = 'nftables, raw prerouting';
export const IPSET_RAW = 'ipset, raw prerouting';
export const NFT_LOG = 'nftables, raw, log read by tcpdump';
export const PACKETLOG = 'PacketLog, a record of each';
export const PACKETLOG_COUNTS = 'PacketLog, --count-only';

/** `filter`: attached and detached here, so that its maps stay loaded. */
export function denyTools(lab: BenchLab, filter: XdpFilter): readonly DenyTool[] {
  const { device } = lab.network.link.server;
  const inside = (...command: [string, ...string[]]) => lab.network.server.exec(...command);
  const without = (end: () => Promise<unknown>): Denying => ({ finish: async () => void (await end()) });
  const nft = async (family: string, hook: string, verdict: string) => {
    const table = `${family} bench`;
    await inside(
      'nft',
      `table ${table} {
        set sources { type ipv4_addr; elements = { ${SOURCES.join(', ')} }; }
        chain deny { type filter hook ${hook}; policy accept; ip saddr @sources ${verdict}; }
      }`,
    );
    return () => inside('nft', 'delete', 'table', ...table.split(' '));
  };
  const packetlog = async (...options: string[]): Promise<Denying> => {
    const tool = await lab.startPacketlog(...options);
    return { finish: async () => kept(await tool.stop()) };
  };
  return [
    {
      name: DROP_ONLY,
      start: async () => {
        const dropping = await lab.startDropping();
        return without(() => dropping.end());
      },
    },
    { name: PACKETLOG, start: () => packetlog() },
    { name: PACKETLOG_COUNTS, start: () => packetlog('--count-only') },
    {
      name: XDP_FILTER,
      start: async () => {
        await filter.attach();
        return without(() => filter.detach());
      },
    },
    {
      name: NFT_NETDEV,
      start: async () => without(await nft('netdev', `ingress device ${device} priority 0`, 'counter drop')),
    },
    { name: NFT_RAW, start: async () => without(await nft('ip', 'prerouting priority raw', 'counter drop')) },
    {
      name: IPSET_RAW,
      start: async () => {
        const rule = ['iptables', '-t', 'raw', '-A', 'PREROUTING', '-m', 'set', '--match-set', 'bench', 'src'].join(
          ' ',
        );
        const fill = `{ echo create bench hash:ip; printf 'add bench %s\\n' ${SOURCES.join(' ')}; } | ipset restore`;
        await inside('sh', '-c', `${fill} && ${rule} -j DROP`);
        return without(() => inside('sh', '-c', 'iptables -t raw -F PREROUTING && ipset destroy bench'));
      },
    },
    {
      name: NFT_LOG,
      start: async () => {
        const reader = await lab.start(['tcpdump', '-n', '-i', 'nflog:5', '-w', '/dev/null'], /listening on/);
        const remove = await nft('ip', 'prerouting priority raw', 'counter log group 5 drop');
        return {
          finish: async () => {
            await remove();
            return captured(reader);
          },
        };
      },
    },
  ];
}

async function captured(reader: Tool): Promise<number> {
  return Number(/(\d+) packets captured/.exec(await reader.stop())?.[1] ?? Number.NaN);
}

/**
 * xdp-filter, in a mount namespace with its own bpf file system: its pins vanish with the process. It stays loaded on
 * the second cable, because it takes its list one command per address.
 */
const SCRIPT = `
mount -t bpf bpf /sys/fs/bpf
load() { xdp-filter load --mode native --policy allow --features ipv4 "$1" >&2; }
device=$1; other=$2; shift 2
load "$other"
for address; do xdp-filter ip --mode src "$address" >&2; done
echo {}
while read -r what; do
  case $what in
  attach) load "$device" ;;
  detach) xdp-filter unload "$device" >&2 ;;
  esac
  echo {}
done
xdp-filter unload "$other" >&2
`;

export class XdpFilter {
  readonly #shell: Dialogue;

  private constructor(shell: Dialogue) {
    this.#shell = shell;
  }

  static async open(lab: BenchLab): Promise<XdpFilter> {
    const [watched, other] = lab.network.links.map(({ server }) => server.device);
    const command = ['unshare', '--mount', 'sh', '-ec', SCRIPT, 'xdp-filter', watched ?? '', other ?? '', ...SOURCES];
    const shell = startDialogue({ cpus: READER_CPU, namespace: lab.network.server }, command);
    await shell.ask();
    return new XdpFilter(shell);
  }

  attach(): Promise<unknown> {
    return this.#shell.ask('attach');
  }

  detach(): Promise<unknown> {
    return this.#shell.ask('detach');
  }

  close(): Promise<void> {
    return this.#shell.end();
  }
}
