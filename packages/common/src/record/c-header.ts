/** Renders the record of layout.ts for C as `packet_log.h`, in the style of the repo's .clang-format. */
import {
  ACTIONS,
  EXTENSION_HEADER_LIMIT,
  IP_PROTOCOL_NONE,
  PACKET_LOG_FIELDS,
  PACKET_LOG_SIZE,
  type PacketLogFieldType,
  REASONS,
  VLAN_PRIORITY_TAG,
  VLAN_TAG_LIMIT,
} from './layout.ts';

const C_TYPES: Readonly<Record<PacketLogFieldType, string>> = {
  u8: '__u8',
  u16: '__u16',
  u32: '__u32',
  u64: '__u64',
  addr: '__u8',
};

const TAB_WIDTH = 8;

/** Returns the text of `packet_log.h`; it includes all it needs. */
export function renderCHeader(): string {
  return `/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Generated from packages/common/src/record/layout.ts, do not edit. */
#ifndef PACKET_LOG_H
#define PACKET_LOG_H

#include <linux/types.h>

${renderConstants()}

${renderEnum('packet_log_action', ACTIONS)}

${renderEnum('packet_log_reason', REASONS)}

/* Little-endian, no padding: exactly one cache line. */
${renderStruct()}

${renderAssertions()}

#endif /* PACKET_LOG_H */
`;
}

function renderConstants(): string {
  return inColumns([
    ['#define PACKET_LOG_SIZE', PACKET_LOG_SIZE],
    ['#define PACKET_LOG_IP_PROTOCOL_NONE', IP_PROTOCOL_NONE],
    ['#define PACKET_LOG_VLAN_PRIORITY_TAG', VLAN_PRIORITY_TAG],
    ['#define PACKET_LOG_VLAN_TAG_LIMIT', VLAN_TAG_LIMIT],
    ['#define PACKET_LOG_EXTENSION_HEADER_LIMIT', EXTENSION_HEADER_LIMIT],
  ]).join('\n');
}

function renderEnum(name: string, codes: Readonly<Record<string, number>>): string {
  const prefix = name.toUpperCase();
  const lines = Object.entries(codes).map(([word, code]) => `\t${prefix}_${word.toUpperCase()} = ${code},`);
  return [`enum ${name} {`, ...lines, '};'].join('\n');
}

function renderStruct(): string {
  const members = PACKET_LOG_FIELDS.map(({ name, type, doc }): [string, string] => [
    `${C_TYPES[type]} ${name}${type === 'addr' ? '[16]' : ''};`,
    `/* ${doc.replace('REASONS', 'enum packet_log_reason')} */`,
  ]);
  // The indentation is one tab wide, so it does not shift the tab stops.
  return ['struct packet_log {', ...inColumns(members).map((line) => `\t${line}`), '};'].join('\n');
}

/** Aligns two columns like clang-format's `UseTab: Always`: tabs up to the last tab stop, then spaces. */
function inColumns(rows: readonly (readonly [string, string | number])[]): string[] {
  const column = Math.max(...rows.map(([left]) => left.length)) + 1;
  const lastStop = Math.floor(column / TAB_WIDTH);
  return rows.map(([left, right]) => {
    const tabs = lastStop - Math.floor(left.length / TAB_WIDTH);
    const spaces = column - (tabs > 0 ? lastStop * TAB_WIDTH : left.length);
    return `${left}${'\t'.repeat(tabs)}${' '.repeat(spaces)}${right}`;
  });
}

function renderAssertions(): string {
  const offsets = PACKET_LOG_FIELDS.map(
    ({ name, offset }) =>
      `_Static_assert(__builtin_offsetof(struct packet_log, ${name}) == ${offset}, "${name} is at ${offset}");`,
  );
  return [
    `_Static_assert(sizeof(struct packet_log) == PACKET_LOG_SIZE, "a record is ${PACKET_LOG_SIZE} bytes");`,
    ...offsets,
  ].join('\n');
}
