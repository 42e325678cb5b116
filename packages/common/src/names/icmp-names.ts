/** Types and codes of ICMP (IANA "ICMP Type Numbers") and ICMPv6 (IANA "ICMPv6 Parameters"). */
interface IcmpType {
  readonly name: string;
  /** Names by code; absent where a type has only code 0. */
  readonly codes?: readonly string[];
}

const ICMP = 1;
const ICMPV6 = 58;

const ICMP_TYPES: ReadonlyMap<number, IcmpType> = new Map<number, IcmpType>([
  [0, { name: 'echo reply' }],
  [
    3,
    {
      name: 'destination unreachable',
      codes: [
        'network unreachable',
        'host unreachable',
        'protocol unreachable',
        'port unreachable',
        'fragmentation needed',
        'source route failed',
        'destination network unknown',
        'destination host unknown',
        'source host isolated',
        'network administratively prohibited',
        'host administratively prohibited',
        'network unreachable for type of service',
        'host unreachable for type of service',
        'communication administratively prohibited',
        'host precedence violation',
        'precedence cutoff in effect',
      ],
    },
  ],
  [4, { name: 'source quench' }],
  [
    5,
    {
      name: 'redirect',
      codes: ['for network', 'for host', 'for type of service and network', 'for type of service and host'],
    },
  ],
  [8, { name: 'echo request' }],
  [9, { name: 'router advertisement' }],
  [10, { name: 'router solicitation' }],
  [11, { name: 'time exceeded', codes: ['time to live exceeded in transit', 'fragment reassembly time exceeded'] }],
  [
    12,
    { name: 'parameter problem', codes: ['pointer indicates the error', 'missing a required option', 'bad length'] },
  ],
  [13, { name: 'timestamp request' }],
  [14, { name: 'timestamp reply' }],
  [15, { name: 'information request' }],
  [16, { name: 'information reply' }],
  [17, { name: 'address mask request' }],
  [18, { name: 'address mask reply' }],
  [30, { name: 'traceroute' }],
  [42, { name: 'extended echo request' }],
  [43, { name: 'extended echo reply' }],
]);

const ICMPV6_TYPES: ReadonlyMap<number, IcmpType> = new Map<number, IcmpType>([
  [
    1,
    {
      name: 'destination unreachable',
      codes: [
        'no route',
        'administratively prohibited',
        'beyond scope of source address',
        'address unreachable',
        'port unreachable',
        'source address failed policy',
        'reject route',
      ],
    },
  ],
  [2, { name: 'packet too big' }],
  [3, { name: 'time exceeded', codes: ['hop limit exceeded in transit', 'fragment reassembly time exceeded'] }],
  [
    4,
    {
      name: 'parameter problem',
      codes: [
        'erroneous header field',
        'unrecognized next header',
        'unrecognized IPv6 option',
        'incomplete header chain in first fragment',
      ],
    },
  ],
  [128, { name: 'echo request' }],
  [129, { name: 'echo reply' }],
  [130, { name: 'multicast listener query' }],
  [131, { name: 'multicast listener report' }],
  [132, { name: 'multicast listener done' }],
  [133, { name: 'router solicitation' }],
  [134, { name: 'router advertisement' }],
  [135, { name: 'neighbor solicitation' }],
  [136, { name: 'neighbor advertisement' }],
  [137, { name: 'redirect' }],
  [138, { name: 'router renumbering' }],
  [141, { name: 'inverse neighbor solicitation' }],
  [142, { name: 'inverse neighbor advertisement' }],
  [143, { name: 'multicast listener report v2' }],
  [148, { name: 'certification path solicitation' }],
  [149, { name: 'certification path advertisement' }],
  [151, { name: 'multicast router advertisement' }],
  [152, { name: 'multicast router solicitation' }],
  [153, { name: 'multicast router termination' }],
  [160, { name: 'extended echo request' }],
  [161, { name: 'extended echo reply' }],
]);

export interface IcmpTypeAndCode {
  readonly type: number;
  /** Absent for a type with any code. */
  readonly code?: number;
}

/** Other names, including those of tcpdump. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['echo', 'echo-request'],
  ['echoreply', 'echo-reply'],
  ['ping', 'echo-request'],
  ['pong', 'echo-reply'],
  ['unreachable', 'destination-unreachable'],
  ['unreach', 'destination-unreachable'],
  ['timxceed', 'time-exceeded'],
  ['paramprob', 'parameter-problem'],
  ['packettoobig', 'packet-too-big'],
  ['neighborsolicit', 'neighbor-solicitation'],
  ['neighboradvert', 'neighbor-advertisement'],
  ['routersolicit', 'router-solicitation'],
  ['routeradvert', 'router-advertisement'],
]);

const words = new Map<number, ReadonlyMap<string, IcmpTypeAndCode>>();

/** Returns one-word names of types and codes, for 1 (ICMP) or 58 (ICMPv6): `echo-request`, `port-unreachable`. */
export function icmpNames(ip_protocol: number): ReadonlyMap<string, IcmpTypeAndCode> {
  const known = words.get(ip_protocol);
  if (known !== undefined) return known;
  const made = new Map<string, IcmpTypeAndCode>();
  for (const [type, { name, codes }] of ip_protocol === ICMP ? ICMP_TYPES : ICMPV6_TYPES) {
    made.set(asWord(name), { type });
    codes?.forEach((of, code) => {
      // Codes of a redirect are named "for …".
      made.set(asWord(of.startsWith('for ') ? `${name} ${of}` : of), { type, code });
    });
  }
  for (const [alias, word] of ALIASES) {
    const same = made.get(word);
    if (same !== undefined) made.set(alias, same);
  }
  words.set(ip_protocol, made);
  return made;
}

function asWord(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}

/**
 * Returns `echo request` or `destination unreachable: port unreachable`, and `type 3 code 9` where there is no name. A
 * record holds type and code in `dst_port`: type * 256 + code.
 */
export function icmpTypeName(ip_protocol: number, type: number, code: number): string {
  const types = ip_protocol === ICMP ? ICMP_TYPES : ip_protocol === ICMPV6 ? ICMPV6_TYPES : undefined;
  const known = types?.get(type);
  if (known === undefined) return `type ${type} code ${code}`;
  if (known.codes === undefined) return code === 0 ? known.name : `${known.name}: code ${code}`;
  return `${known.name}: ${known.codes[code] ?? `code ${code}`}`;
}

/** Returns the name of a type whatever its code: `destination unreachable`, and `type 3` where there is no name. */
export function icmpTypeOnlyName(ip_protocol: number, type: number): string {
  const types = ip_protocol === ICMP ? ICMP_TYPES : ip_protocol === ICMPV6 ? ICMPV6_TYPES : undefined;
  return types?.get(type)?.name ?? `type ${type}`;
}
