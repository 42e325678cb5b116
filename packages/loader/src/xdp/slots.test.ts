import { INTERFACE_SLOTS, SLOT_LINK, SLOT_TABLE, SLOT_TABLE_SIZE } from '@packetlog/bpf';
import { describe, expect, it } from 'vitest';
import { SetupError } from '../errors/setup-error.ts';
import { SlotTable } from './slots.ts';

function slotTable() {
  const table = new Uint8Array(SLOT_TABLE.size);
  return {
    table,
    slots: new SlotTable(table),
    used: () => table.subarray(0, SLOT_TABLE_SIZE).reduce((n, slot) => n + (slot === 0 ? 0 : 1), 0),
  };
}

describe('SlotTable', () => {
  it('gives each interface its own slot, from 1 on, at the entry of its ifindex', () => {
    const { table, slots } = slotTable();
    const given = [slots.assign('eth0', 2), slots.assign('eth1', 3), slots.assign('far', SLOT_TABLE_SIZE * 5 + 9)];
    expect(given).toEqual([1, 2, 3]);
    expect([table[2], table[3], table[9], table[0]]).toEqual([1, 2, 3, 0]);
  });

  it('keeps the slot of an interface that returns with another ifindex, and clears the old entry', () => {
    const { table, slots, used } = slotTable();
    const slot = slots.assign('eth0', 2);
    slots.assign('eth1', 3);
    expect(slots.assign('eth0', 40, slot)).toBe(slot);
    expect([table[2], table[40]]).toEqual([0, slot]);
    expect(used()).toBe(2);
  });

  it('identifies interfaces by slot, not by name, so that two may swap names', () => {
    const { table, slots } = slotTable();
    const [a, b] = [slots.assign('eth0', 2), slots.assign('eth1', 3)];
    expect([slots.assign('eth1', 4, a), slots.assign('eth0', 5, b)]).toEqual([a, b]);
    expect([table[4], table[5]]).toEqual([a, b]);
  });

  it('reserves a slot for an interface that does not exist yet', () => {
    const { table, slots, used } = slotTable();
    const slot = slots.reserve('late0');
    expect(used()).toBe(0);
    expect(slots.assign('eth0', 2)).toBe(slot + 1);
    expect(slots.assign('late0', 9, slot)).toBe(slot);
    expect([table[2], table[9]]).toEqual([slot + 1, slot]);
    for (let left = INTERFACE_SLOTS - 3; left > 0; left--) slots.reserve('late');
    expect(() => slots.reserve('too-many')).toThrow(/interfaces are watched already/);
  });

  it('may assign the same again', () => {
    const { table, slots } = slotTable();
    const slot = slots.assign('eth0', 2);
    expect(slots.assign('eth0', 2, slot)).toBe(slot);
    expect(table[2]).toBe(slot);
  });

  it('frees the entry of an interface that is gone for another, not its slot', () => {
    const { table, slots } = slotTable();
    const slot = slots.assign('eth0', 2);
    slots.release(slot);
    slots.release(slot);
    slots.release(60);
    expect(table[2]).toBe(0);
    expect(slots.assign('eth1', 2)).toBe(2);
    expect(slots.assign('eth0', 5, slot)).toBe(slot);
  });

  it('rejects an ifindex whose low 16 bits another interface has, and changes nothing', () => {
    const { table, slots, used } = slotTable();
    slots.assign('eth0', 7);
    const slot = slots.assign('eth1', 8);
    const collide = () => slots.assign('eth1', SLOT_TABLE_SIZE + 7, slot);
    expect(collide).toThrow(SetupError);
    expect(collide).toThrow(/watch eth1: its ifindex 65543 collides/);
    expect([table[7], table[8], used()]).toEqual([1, 2, 2]);
  });

  it('holds one interface for each slot except slot 0, then rejects more and keeps the others', () => {
    const { slots, used } = slotTable();
    for (let i = 1; i < INTERFACE_SLOTS; i++) expect(slots.assign(`eth${i}`, i)).toBe(i);
    expect(() => slots.assign('more', 100)).toThrow(
      `watch more: ${INTERFACE_SLOTS - 1} interfaces are watched already`,
    );
    expect(used()).toBe(INTERFACE_SLOTS - 1);
    expect(slots.assign('eth1', 200, 1)).toBe(1);
  });

  it('continues with the previous table: existing interfaces keep their entry, others lose it', () => {
    const { table, slots, used } = slotTable();
    table[7] = 3;
    table[9] = 5;
    slots.resume([{ slot: 3, ifindex: 7, kind: 'ethernet' }], 5);
    expect([table[7], table[9], used()]).toEqual([3, 0, 1]);
    expect(slots.assign('eth9', 9)).toBe(6);
    expect(slots.assign('eth5', 11, 5)).toBe(5);
  });

  it('never leaves an interface without its entry while it reassigns it', () => {
    const { table, slots } = slotTable();
    table[7] = 3;
    slots.resume([{ slot: 3, ifindex: 7, kind: 'ethernet' }], 3);
    const written: number[] = [];
    const proxy: (entries: Uint8Array) => Uint8Array = (entries) =>
      new Proxy(entries, {
        get: (target, key) => {
          if (key === 'subarray') return (from: number, to: number) => proxy(target.subarray(from, to));
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
        set: (target, key, value) => {
          written.push(value);
          return Reflect.set(target, key, value, target);
        },
      });
    const watched = new SlotTable(proxy(table));
    watched.resume([{ slot: 3, ifindex: 7, kind: 'ethernet' }], 3);
    expect(watched.assign('eth0', 7, 3)).toBe(3);
    expect(written).toEqual([3]);
  });

  it('has the link layer of an interface, and follows when it changes', () => {
    const { table, slots } = slotTable();
    const slot = slots.assign('tun0', 2, 0, 'ip');
    expect(table[2]).toBe(slot | SLOT_LINK.ip);
    slots.assign('tun0', 2, slot, 'ethernet');
    expect(table[2]).toBe(slot);
  });

  it('counts every unwatched ifindex as a member of a bond, until the bond is gone', () => {
    const { table, slots } = slotTable();
    const eth = slots.assign('eth0', 2);
    const bond = slots.assign('bond0', 5, 0, 'bond');
    const owners = new Uint32Array(table.buffer, SLOT_TABLE.fields.owners, INTERFACE_SLOTS);
    expect([table[2], table[5], table[3], table[60_000]]).toEqual([
      eth,
      bond,
      bond | SLOT_LINK.member,
      bond | SLOT_LINK.member,
    ]);
    expect(owners[bond]).toBe(5);
    const late = slots.assign('eth9', 9);
    expect(table[9]).toBe(late);
    slots.release(late);
    expect(table[9]).toBe(bond | SLOT_LINK.member);
    expect([slots.canAdopt(bond), slots.canAdopt(eth)]).toEqual([true, false]);
    slots.release(bond);
    expect([table[2], table[5], table[3], table[9]]).toEqual([eth, 0, 0, 0]);
    expect(slots.canAdopt(eth)).toBe(true);
  });

  it('keeps the slot of a bond for its members during a takeover', () => {
    const { table } = slotTable();
    new SlotTable(table).assign('bond0', 5, 0, 'bond');
    const next = new SlotTable(table);
    next.resume([{ slot: 1, ifindex: 5, kind: 'bond' }], 1);
    expect([table[5], table[3]]).toEqual([1, 1 | SLOT_LINK.member]);
    next.assign('bond0', 5, 1, 'ethernet');
    expect([table[5], table[3]]).toEqual([1, 0]);
  });
});
