/** `RTM_NEWROUTE` messages of rtnetlink(7), as bytes: the default routes among them. Pure. */
import {
  aligned,
  attributes,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  netlinkMessages,
  netlinkRequest,
  number,
  viewOf,
} from './netlink-message.ts';

/**
 * Device and metric of a default route; the smallest metric is preferred. A multipath route yields one for each device.
 */
export interface DefaultRoute {
  ifindex: number;
  metric: number;
}

const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
/** struct rtmsg: u8 family, dst_len, src_len, tos, table, protocol, scope, type, then u32 flags. */
const ROUTE_HEADER = 12;
const ROUTE = { family: 0, prefix: 1, type: 7, flags: 8 };
const RTN_UNICAST = 1;
const RT_TABLE_MAIN = 254;
const RTA = { device: 4, priority: 6, multipath: 9, table: 15 };
/** struct rtnexthop: u16 length, u8 flags, u8 hops, i32 ifindex, then attributes. */
const HOP = { bytes: 8, flags: 2, ifindex: 4 };
/** RTNH_F_DEAD and RTNH_F_LINKDOWN, in the flags of a hop or of a route with one hop. */
const UNUSABLE = 1 | 16;

export const FAMILY = { ipv4: 2, ipv6: 10 } as const;

/** Builds a request for all routes of a family. */
export function routesRequest(family: number): Uint8Array {
  const { bytes, body } = netlinkRequest(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, ROUTE_HEADER);
  body.setUint8(ROUTE.family, family);
  return bytes;
}

/** Parses the result of one `recv`: returns the usable default routes of the main table. */
export function readDefaultRoutes(bytes: Uint8Array): DefaultRoute[] {
  return [...netlinkMessages(bytes)].flatMap(({ type, body }) => (type === RTM_NEWROUTE ? readRoute(body) : []));
}

function readRoute(message: Uint8Array): DefaultRoute[] {
  if (message.length < ROUTE_HEADER) return [];
  const view = viewOf(message);
  const isDefault = view.getUint8(ROUTE.prefix) === 0 && view.getUint8(ROUTE.type) === RTN_UNICAST;
  if (!isDefault) return [];
  const found = new Map(attributes(message.subarray(ROUTE_HEADER)));
  if (number(found.get(RTA.table)) !== RT_TABLE_MAIN) return [];
  const metric = number(found.get(RTA.priority));
  const multipath = found.get(RTA.multipath);
  const hops = multipath
    ? hopsOf(multipath)
    : [{ ifindex: number(found.get(RTA.device)), flags: view.getUint32(ROUTE.flags, true) }];
  return hops
    .filter(({ ifindex, flags }) => ifindex !== 0 && (flags & UNUSABLE) === 0)
    .map(({ ifindex }) => ({ ifindex, metric }));
}

function hopsOf(bytes: Uint8Array): { ifindex: number; flags: number }[] {
  const view = viewOf(bytes);
  const hops: { ifindex: number; flags: number }[] = [];
  for (let at = 0; at + HOP.bytes <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < HOP.bytes) break;
    hops.push({ ifindex: view.getInt32(at + HOP.ifindex, true), flags: view.getUint8(at + HOP.flags) });
    at += aligned(length);
  }
  return hops;
}
