export { connect } from './connect.ts';
export type { FindingsFeed } from './findings-feed.ts';
export type { LiveSums } from './live-sums.ts';
export type { ConnectOptions } from './open-socket.ts';
export type { PacketLogClient } from './packet-log-client.ts';
export { PacketLogError, type PacketLogErrorCode, type PacketLogErrorFacts } from './packet-log-error.ts';
export type { LostRows, PacketStream, PacketStreamOptions } from './packet-stream.ts';
export type { PastPackets, PastPage } from './past-packets.ts';
export type { AddedRule, ImportOptions, LimitOptions, RuleOptions } from './rule-options.ts';
