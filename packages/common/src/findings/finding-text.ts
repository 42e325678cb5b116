/** A finding in plain English: one line, and its evidence. */
import type { Finding } from './finding.ts';
import { loginServiceName } from './login-services.ts';

const MOST = 0.5;

/** Returns `203.0.113.66 scanned 3,000 ports of 192.0.2.2 in 40 s`. */
export function findingText(finding: Finding): string {
  const { kind, source = 'a source', destination, port, ports = 0, addresses = 1 } = finding;
  const seconds = `in ${durationText(finding.last_at_ms - finding.first_at_ms)}`;
  switch (kind) {
    case 'port_scan': {
      const of = addresses > 1 ? `up to ${grouped(ports)} ports on each of ${grouped(addresses)} addresses` : '';
      return `${source} scanned ${of || `${grouped(ports)} ports${destination ? ` of ${destination}` : ''}`} ${seconds}`;
    }
    case 'host_sweep': {
      const on = port === undefined ? 'several ports' : `port ${port}`;
      return `${source} tried ${on} of ${grouped(addresses)} addresses ${seconds}`;
    }
    case 'login_attempts': {
      const on = addresses > 1 ? ` of ${grouped(addresses)} addresses` : '';
      return `${source}: ${grouped(finding.per_minute ?? 0)} connection attempts a minute to ${loginServiceName(port ?? 0)}${on}`;
    }
    case 'syn_flood':
      return `SYN flood: ${floodText(finding)}, to ${hostAndPort(destination, port)}`;
    case 'icmp_flood':
      return `ICMP flood: ${floodText(finding).replace('/s', ' echo requests/s')}, to ${destination}`;
  }
}

/** Returns what the finding is based on, and what cannot be known of its source. */
export function findingEvidence({ kind, packets, ports, source }: Finding): string {
  const number = grouped(packets);
  switch (kind) {
    case 'port_scan':
      return `${number} probes; no connection followed on ${grouped(ports ?? 0)} ports. The source may be forged.`;
    case 'host_sweep':
      return `${number} probes without a connection. The source may be forged.`;
    case 'login_attempts':
      return `${number} attempts; whether logins succeeded is not visible here.`;
    case 'syn_flood':
      return `${number} SYN, for most of which no connection followed. ${forged(source)}`;
    case 'icmp_flood':
      return `${number} echo requests. ${forged(source)}`;
  }
}

function forged(source: string | undefined): string {
  return source === undefined ? 'The sources may be forged.' : 'The source may be forged.';
}

function floodText({ source, sources = 0, new_share = 0, per_second = 0 }: Finding): string {
  const from =
    source ?? `${grouped(rounded(sources))} sources${new_share >= MOST && sources > 1 ? ', most of them new' : ''}`;
  return `${grouped(rounded(per_second))}/s from ${from}`;
}

/** Two digits: estimates are no better. */
function rounded(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / unit) * unit;
}

function hostAndPort(destination: string | undefined, port: number | undefined): string {
  return destination?.includes(':') ? `[${destination}]:${port}` : `${destination}:${port}`;
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
