/** Recognizes TCP connections in records: a SYN, and later an ACK of the same addresses and ports. Forged packets may look like that. */
import { PACKET_LOG_FIELDS } from '@packetlog/common';

export const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<(typeof PACKET_LOG_FIELDS)[number]['name'], number>
>;
export const TCP = 6;
export const UDP = 17;
const FLAGS = { syn: 0x02, rst: 0x04, ack: 0x10 } as const;
/** Connections that have not been acknowledged yet. */
const MAX_PENDING = 65_536;

export function opensConnection(ipProtocol: number, flags: number): boolean {
  return ipProtocol === TCP && (flags & (FLAGS.syn | FLAGS.ack)) === FLAGS.syn;
}

export class Acknowledged {
  readonly #pending = new Set<string>();

  /** Takes the TCP record at byte `at`. Returns whether it acknowledges a connection whose SYN was taken. */
  take(view: DataView, at: number): boolean {
    const flags = view.getUint8(at + OFFSET.tcp_flags);
    const words = [0, 4, 8, 12].flatMap((word) => [
      view.getUint32(at + OFFSET.src_addr + word),
      view.getUint32(at + OFFSET.dst_addr + word),
    ]);
    const tuple = `${words.join()} ${view.getUint32(at + OFFSET.src_port)}`;
    if (!opensConnection(TCP, flags)) {
      return (flags & (FLAGS.ack | FLAGS.rst | FLAGS.syn)) === FLAGS.ack && this.#pending.delete(tuple);
    }
    this.#pending.add(tuple);
    const [oldest] = this.#pending;
    if (this.#pending.size > MAX_PENDING && oldest !== undefined) this.#pending.delete(oldest);
    return false;
  }
}
