/** Reads `hosts.deny` of TCP wrappers if it denies all services to its addresses. */
import type { ConvertedList } from './converted-list.ts';

/** Services, and clients: without a colon, except in brackets. Takes time linear in the length of the line. */
const LINE = /^([A-Za-z][\w-]*(?:\s*,\s*[A-Za-z][\w-]*)*)\s*:\s*([^:]*$|[^[]*\[[\s\S]*\][\s\S]*)/;
/** An address and a mask. The lengths are limited because the time is the square of them. */
const MASKED = /^([\d.]{1,15})\/([\d.]{1,13}\.[\d.]{1,13})$/;

/** Converts the addresses. Returns undefined for other text. */
export function fromHostsDeny(lines: readonly string[]): ConvertedList | undefined {
  const rules = lines.map((line) => line.replace(/#.*/, '').trim());
  const matched = rules.filter((line) => line !== '').map((line) => LINE.exec(line));
  if (matched.length === 0 || matched.some((match) => match === null)) return undefined;
  const services = new Set(matched.map((match) => match?.[1] ?? ''));
  if ([...services].some((service) => service !== 'ALL')) {
    const named = [...services].filter((service) => service !== 'ALL').join(', ');
    return {
      lines: [],
      notes: [],
      problem:
        `is hosts.deny and denies services one by one (${named}), which a set cannot: add rules for their ports, ` +
        'for example packetlog rules add deny - --protocol tcp --port 22 < ADDRESSES',
    };
  }
  const clients = rules.flatMap((line) => clientsOf(LINE.exec(line)?.[2] ?? ''));
  return { lines: clients, notes: ['Read as hosts.deny.'] };
}

/** Reads networks in the notation of TCP wrappers: `10.`, `10.0.0.0/255.0.0.0`, `[2001:db8::]/32`. */
function clientsOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((client) => {
      const [, address, mask] = MASKED.exec(client) ?? [];
      const bits = mask === undefined ? undefined : maskBits(mask);
      if (bits !== undefined) return `${address}/${bits}`;
      const parts = /^(\d{1,3}\.){1,3}$/.test(client) ? client.split('.').filter(Boolean) : [];
      if (parts.length > 0) return `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${8 * parts.length}`;
      return client.replace(/^\[(.*)\](\/\d+)?$/, '$1$2');
    });
}

function maskBits(mask: string): number | undefined {
  const word = mask.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const bits = 32 - Math.log2(2 ** 32 - word);
  return Number.isInteger(bits) ? bits : undefined;
}
