/** Formats a record as a line of text for people; aligned, optionally coloured. */
import {
  ACTIONS,
  actionName,
  etherTypeName,
  icmpTypeName,
  type PacketLogView,
  protocolName,
  REASONS,
  reasonName,
  tcpFlagsLetters,
  vlanName,
} from '@packetlog/common';

export interface TextStyle {
  colour: boolean;
  /** Useful only when several interfaces are watched. */
  showInterface: boolean;
}

const IPPROTO_TCP = 6;

const RESET = '\u001b[0m';
const DIM = '\u001b[2m';
const RED = '\u001b[31m';
const YELLOW = '\u001b[33m';

const PROTOCOL_WIDTH = 'PROTO: TCP, FLAGS: SE.W,'.length;
/**
 * Longer values, such as two full IPv6 addresses, break the alignment: one such value must not make all later lines
 * wrap.
 */
const MAX_COLUMN_WIDTH = 'SRC IP: 2001:db8:1234:5678::1, SRC PORT: 65535,'.length;

function widened(width: number, text: string): number {
  return Math.max(width, Math.min(MAX_COLUMN_WIDTH, text.length));
}

/** Columns start narrow and widen, once, when a longer value appears. */
export class TextLines {
  readonly #colour: boolean;
  readonly #showInterface: boolean;
  #sourceWidth = 'SRC IP: 192.0.2.1, SRC PORT: 65535,'.length;
  #destinationWidth = 'DST IP: 192.0.2.1, DST PORT: 443,'.length;
  #interfaceWidth = 'IFACE: eth0,'.length;

  constructor(style: TextStyle) {
    this.#colour = style.colour;
    this.#showInterface = style.showInterface;
  }

  /** Formats a record. The line begins with the local time and contains no newline. */
  line(view: PacketLogView, i: number, interfaceName: string): string {
    const ports = view.portsRead(i);
    const ip = view.addressesRead(i);
    const source = `SRC IP: ${ip ? view.srcAddr(i) : '-'}, SRC PORT: ${ports ? view.srcPort(i) : '-'},`;
    const destination = `DST IP: ${ip ? view.dstAddr(i) : '-'}, DST PORT: ${ports ? view.dstPort(i) : '-'},`;
    const protocol = `PROTO: ${protocolText(view, i)},`;
    const iface = this.#showInterface ? `IFACE: ${interfaceName},` : '';
    this.#sourceWidth = widened(this.#sourceWidth, source);
    this.#destinationWidth = widened(this.#destinationWidth, destination);
    this.#interfaceWidth = Math.max(this.#interfaceWidth, iface.length);
    return [
      this.#paint(DIM, clockTime(view.timestampMs(i))),
      source.padEnd(this.#sourceWidth),
      destination.padEnd(this.#destinationWidth),
      protocol.padEnd(PROTOCOL_WIDTH),
      ...(this.#showInterface ? [iface.padEnd(this.#interfaceWidth)] : []),
      `LEN: ${view.frameLength(i)},`.padEnd('LEN: 99,'.length),
      this.#verdict(view, i),
    ].join(' ');
  }

  #verdict(view: PacketLogView, i: number): string {
    const action = view.action(i);
    const reason = view.reason(i);
    const vlan = view.vlanId(i) ? `, VLAN: ${vlanName(view.vlanId(i))}` : '';
    const weight = view.weight(i) > 1 ? `, 1 OF ${view.weight(i)}` : '';
    const words = `ACTION: ${actionName(action)}`;
    const why = reason === REASONS.none ? '' : `, REASON: ${reasonName(reason)}`;
    if (action !== ACTIONS.permit) return this.#paint(RED, words + why) + vlan + weight;
    return words + (why === '' ? '' : this.#paint(YELLOW, why)) + vlan + weight;
  }

  #paint(colour: string, text: string): string {
    return this.#colour ? colour + text + RESET : text;
  }
}

function protocolText(view: PacketLogView, i: number): string {
  if (!view.isIp(i)) return etherTypeName(view.etherType(i));
  const protocol = view.ipProtocol(i);
  const name = protocolName(protocol);
  if (protocol === IPPROTO_TCP) return `${name}, FLAGS: ${tcpFlagsLetters(view.tcpFlags(i)) || 'none'}`;
  if (view.icmpRead(i)) {
    return `${name} ${icmpTypeName(protocol, view.dstPort(i) >> 8, view.dstPort(i) & 0xff)}`;
  }
  return name;
}

let second = Number.NaN;
let secondText = '';

/** Local time of day with microseconds: "14:03:22.118493". */
function clockTime(ms: number): string {
  const whole = Math.floor(ms / 1000);
  if (whole !== second) {
    second = whole;
    secondText = new Date(whole * 1000).toTimeString().slice(0, 8);
  }
  const micros = Math.floor((ms - whole * 1000) * 1000);
  return `${secondText}.${String(micros).padStart(6, '0')}`;
}
