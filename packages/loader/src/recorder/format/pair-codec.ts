/** Sums by pair as bytes, one field after the other (docs/segments.md). */
import { type PairKind, type PairSums, type PortSums, SegmentFormatError, type WholePairSums } from '@packetlog/common';
import { VarintReader, VarintWriter } from './varints.ts';

const MAX_INDEX = 0xffff;
const MAX_SERVICE = 0xff_ffff;
const MAX_SUM = Number.MAX_SAFE_INTEGER;

/** Returns the bytes, not compressed. */
export function encodePairs(sums: WholePairSums): Uint8Array {
  const { count, kinds, sources, kindIndexes, packets, bytes, records } = sums;
  const isSampled = [sums, ...(sums.ports === undefined ? [] : [sums.ports])].some((all) =>
    all.records.some((each, i) => each !== all.packets[i]),
  );
  const least = leastLengths(sums);
  const writer = new VarintWriter();
  for (const value of [count, isSampled ? 1 : 0, kinds.length]) writer.write(value);
  kinds.forEach(({ destination, ether_type, ip_protocol, action, rule_id, ifindex }, kind) => {
    const length = least[kind] as number;
    for (const value of [destination, ether_type, ip_protocol, action, rule_id, ifindex, length]) writer.write(value);
  });
  writer.writeSmall(sources.map((source, i) => source - (sources[i - 1] ?? 0)));
  const excess = bytes.map((each, i) => each - (least[kindIndexes[i] as number] as number) * (packets[i] as number));
  for (const column of [kindIndexes, packets, ...(isSampled ? [records] : [])]) writer.writeSmall(column);
  for (const value of excess) writer.write(value);
  writePorts(writer, sums.ports, isSampled);
  return writer.bytes();
}

/** Reads what `encodePairs` wrote; bytes and ports, which are last, only on request. @throws SegmentFormatError */
export function decodePairs(encoded: Uint8Array, withBytes: boolean): PairSums {
  const reader = new VarintReader(encoded);
  const count = reader.read(MAX_INDEX + 1);
  const isSampled = reader.read(1) === 1;
  const kinds: PairKind[] = [];
  const least = new Float64Array(reader.read(count));
  for (let kind = 0; kind < least.length; kind++) {
    kinds.push(kindFrom(reader));
    least[kind] = reader.read(MAX_INDEX);
  }
  const sources = reader.fillSmall(new Uint16Array(count), MAX_INDEX);
  for (let i = 1; i < count; i++) {
    const source = (sources[i - 1] as number) + (sources[i] as number);
    if (source > MAX_INDEX) throw new SegmentFormatError(`a source has the number ${source}`, reader.position);
    sources[i] = source;
  }
  const kindIndexes = reader.fillSmall(new Uint16Array(count), kinds.length - 1);
  const packets = reader.fillSmall(new Float64Array(count), MAX_SUM);
  const records = isSampled ? reader.fillSmall(new Float64Array(count), MAX_INDEX + 1) : packets;
  const sums = { count, kinds, sources, kindIndexes, packets, records };
  if (!withBytes) return { ...sums, bytes: undefined, ports: undefined };
  const bytes = reader.fill(new Float64Array(count), MAX_SUM);
  for (let i = 0; i < count; i++) {
    bytes[i] = (bytes[i] as number) + (least[kindIndexes[i] as number] as number) * (packets[i] as number);
  }
  const ports = portsFrom(reader, isSampled);
  reader.end();
  return { ...sums, bytes, ports };
}

/** The number of services and one; 0: they are not known. Then services, as differences, packets, records, bytes. */
function writePorts(writer: VarintWriter, ports: PortSums | undefined, isSampled: boolean): void {
  writer.write(ports === undefined ? 0 : ports.count + 1);
  if (ports === undefined) return;
  const { services, packets, records, bytes } = ports;
  services.forEach((service, i) => {
    writer.write(service - (services[i - 1] ?? 0));
  });
  for (const column of [packets, ...(isSampled ? [records] : []), bytes])
    for (const value of column) writer.write(value);
}

function portsFrom(reader: VarintReader, isSampled: boolean): PortSums | undefined {
  const count = reader.read(MAX_INDEX + 2) - 1;
  if (count < 0) return undefined;
  const services = reader.fill(new Uint32Array(count), MAX_SERVICE);
  for (let i = 1; i < count; i++) services[i] = (services[i] as number) + (services[i - 1] as number);
  const packets = reader.fill(new Float64Array(count), MAX_SUM);
  const records = isSampled ? reader.fill(new Float64Array(count), MAX_INDEX + 1) : packets;
  const bytes = reader.fill(new Float64Array(count), MAX_SUM);
  return { count, services, packets, records, bytes };
}

/** The least mean length of the packets of an entry, by kind: what exceeds it are smaller numbers. */
function leastLengths({ count, kinds, kindIndexes, packets, bytes }: WholePairSums): Float64Array {
  const least = new Float64Array(kinds.length).fill(MAX_INDEX);
  for (let i = 0; i < count; i++) {
    const kind = kindIndexes[i] as number;
    // Without packets there are no bytes.
    if (packets[i] === 0) continue;
    least[kind] = Math.min(least[kind] as number, Math.floor((bytes[i] as number) / (packets[i] as number)));
  }
  return least;
}

function kindFrom(reader: VarintReader): PairKind {
  return {
    destination: reader.read(MAX_INDEX),
    ether_type: reader.read(0xffff),
    ip_protocol: reader.read(0xff),
    action: reader.read(0xff),
    rule_id: reader.read(0xffff_ffff),
    ifindex: reader.read(0xffff_ffff),
  };
}
