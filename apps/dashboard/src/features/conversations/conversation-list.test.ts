import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { RecordRing } from '../../node/rows/record-ring.ts';
import { ConversationList } from './conversation-list.ts';
import { Conversations } from './conversations.ts';

function setUp(capacity = 8) {
  const ring = new RecordRing(1024);
  const conversations = new Conversations(capacity);
  const list = new ConversationList(conversations);
  const arrive = (...ports: number[]) => {
    ring.append(makeBatch(ports.map((dst_port) => makePacket({ dst_port }))));
    conversations.catchUp(ring, ring.end);
  };
  const ports = () =>
    Array.from({ length: list.length }, (_, line) => {
      const index = list.indexAt(line);
      return index < 0 ? null : conversations.newest.dstPort(index);
    });
  return { list, arrive, ports, ring, conversations };
}

test('a new conversation appears at the top; the others keep their order', () => {
  const { list, arrive, ports } = setUp();
  arrive(1, 2, 2, 2);
  list.refresh('newest', false, 0);
  arrive(1, 1, 1, 3);
  list.refresh('newest', false, 250);
  expect(ports()).toEqual([3, 2, 1]);
});

test('held lines do not move, and new conversations are counted', () => {
  const { list, arrive, ports } = setUp();
  arrive(1, 2);
  list.refresh('newest', false, 0);
  arrive(3, 4, 3);
  expect(list.refresh('newest', true, 250)).toBe(false);
  expect(ports()).toEqual([2, 1]);
  expect(list.newcomers).toBe(2);
  expect(list.refresh('newest', false, 500)).toBe(true);
  expect(ports()).toEqual([4, 3, 2, 1]);
  expect(list.newcomers).toBe(0);
});

test('a held line whose conversation was evicted stays empty', () => {
  const { list, arrive, ports } = setUp(2);
  arrive(1, 2);
  list.refresh('newest', false, 0);
  arrive(3);
  list.refresh('newest', true, 250);
  expect(ports()).toEqual([2, null]);
});

test('lines ordered by packets move at most every two seconds, and at once when the order is changed', () => {
  const { list, arrive, ports } = setUp();
  arrive(1, 1, 2);
  list.refresh('newest', true, 0);
  list.refresh('packets', true, 100);
  expect(ports()).toEqual([1, 2]);
  arrive(2, 2);
  list.refresh('packets', false, 600);
  expect(ports()).toEqual([1, 2]);
  list.refresh('packets', false, 2_200);
  expect(ports()).toEqual([2, 1]);
});

test('lines that a new filter excludes are not held', () => {
  const { list, arrive, ports, ring, conversations } = setUp();
  arrive(1, 2);
  list.refresh('newest', false, 0);
  ring.retain((bytes, at) => bytes[at + 54] === 2);
  conversations.catchUp(ring, ring.end);
  list.refresh('newest', true, 250);
  expect(ports()).toEqual([2]);
});
