import { parseFilter } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { RecordRing } from '../../node/rows/record-ring.ts';
import { endpointText } from '../../text/row-text.ts';
import { conversationFilter, conversationRow, countText } from './conversation-row.ts';
import { Conversations } from './conversations.ts';

function conversationOf(...packets: Parameters<typeof makePacket>[0][]): Conversations {
  const ring = new RecordRing(64);
  ring.append(makeBatch(packets.map((over) => makePacket(over))));
  const conversations = new Conversations(8);
  conversations.catchUp(ring, ring.end);
  return conversations;
}

test.each([
  [1, 0, '×1'],
  [248, 1_200, '×248 in 1.2 s'],
  [3, 4.4, '×3 in 4 ms'],
  [12_345, 250_000, '×12,345 in 4 min 10 s'],
  [48_213_000, 12_000, '×48.2\u00a0M in 12 s'],
])('%i packets in %i ms read as %s', (packets, span, text) => {
  expect(countText(packets, span)).toBe(text);
});

test('a line has the values that its packets share, and * for ports that differ', () => {
  const conversations = conversationOf(
    { timestamp_ns: 1_767_362_602_000_000_000n, src_port: 40_000, tcp_flags: 0x02 },
    { timestamp_ns: 1_767_362_603_200_000_000n, src_port: 40_001, tcp_flags: 0x11 },
  );
  const { packet, count, bytes } = conversationRow(conversations, 0, () => 'eth0');
  expect(endpointText(packet.src)).toBe('203.0.113.7:*');
  expect(endpointText(packet.dst)).toBe('198.51.100.1:22');
  expect(packet).toMatchObject({ detail: 'FIN SYN ACK', time: '14:03:23.200' });
  expect([count, bytes]).toEqual(['×2 in 1.2 s', '148\u00a0B']);
});

test('the filter of a conversation parses, and names the port that is the same in all packets', () => {
  const requests = conversationOf({ src_port: 40_000 }, { src_port: 40_001 });
  const replies = conversationOf({ src_port: 443, dst_port: 40_000 }, { src_port: 443, dst_port: 40_001 });
  const [forRequests, forReplies] = [conversationFilter(requests, 0), conversationFilter(replies, 0)];
  expect(forRequests).toBe('src host 203.0.113.7 and dst host 198.51.100.1 and tcp and dst port 22');
  expect(forReplies).toContain('src port 443');
  for (const text of [forRequests, forReplies]) expect(() => parseFilter(text ?? '')).not.toThrow();
  expect(conversationFilter(conversationOf({ ether_type: 0x0806, ip_protocol: 255 }), 0)).toBeNull();
});
