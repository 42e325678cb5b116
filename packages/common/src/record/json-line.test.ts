import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { SAMPLE } from '../../test/support/packet-log.sample.ts';
import { encodeBatch, PacketLogBatch } from '../batch/batch.ts';
import { actionName, reasonName } from './field-names.ts';
import { packetLogJson } from './json-line.ts';
import { PACKET_LOG_FIELDS } from './layout.ts';

const [record] = fc.sample(packetLog, { numRuns: 1, seed: 3 });
if (record === undefined) throw new Error('no sample');

describe('packetLogJson', () => {
  it('has the fields of the layout in its order, then the interface', () => {
    const line = packetLogJson(PacketLogBatch.from(encodeBatch({}, [record])), 0, 'eth0');
    expect(Object.keys(JSON.parse(line))).toEqual([...PACKET_LOG_FIELDS.map(({ name }) => name), 'interface']);
  });

  it('writes exactly this line for one record', () => {
    expect(packetLogJson(PacketLogBatch.from(encodeBatch({}, [SAMPLE])), 0, 'eth0')).toBe(
      '{"timestamp_ns":"1700000000123456789","src_addr":"192.0.2.1","dst_addr":"2001:db8::2","rule_id":7,"ifindex":2,' +
        '"length":60,"weight":1,"src_port":40000,"dst_port":443,"ether_type":2048,"vlan_id":0,"ip_protocol":6,' +
        '"tcp_flags":2,"action":"deny","reason":"rule","interface":"eth0"}',
    );
  });

  it('has the values of the decoded record, for any records in any order', () => {
    fc.assert(
      fc.property(fc.array(packetLog, { minLength: 1, maxLength: 8 }), fc.string(), (records, name) => {
        const batch = PacketLogBatch.from(encodeBatch({}, records));
        records.forEach((each, i) => {
          expect(JSON.parse(packetLogJson(batch, i, name))).toEqual({
            ...each,
            timestamp_ns: String(each.timestamp_ns),
            action: actionName(each.action),
            reason: reasonName(each.reason),
            interface: name,
          });
        });
      }),
      { numRuns: 500 },
    );
  });

  it.each(['a"b\\c', '<b>`id`$(x)', '\u001b[31m', '\u009b31m', '\u007f', 'a\nb', '\u2028', '\u202egnp', '\ud800'])(
    'writes the interface name %j on one line, without control characters',
    (name) => {
      const line = packetLogJson(PacketLogBatch.from(encodeBatch({}, [record])), 0, name);
      expect(JSON.parse(line).interface).toBe(name);
      expect(line).toMatch(/^[\u0020-\u007e]*$/);
    },
  );

  it('is correct for more interface names than it caches', () => {
    const batch = PacketLogBatch.from(encodeBatch({}, [record]));
    for (let i = 0; i < 600; i++) expect(packetLogJson(batch, 0, `veth${i}`)).toContain(`"interface":"veth${i}"}`);
    expect(packetLogJson(batch, 0, 'veth0')).toContain('"interface":"veth0"}');
  });
});
