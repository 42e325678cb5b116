/** Every frame shape with the record that the RFCs and the design require. */
import type { Fixture } from './fixtures/fixture.ts';
import { ipv4Fixtures } from './fixtures/ipv4.ts';
import { ipv6Fixtures } from './fixtures/ipv6.ts';
import { ipv6ExtensionFixtures } from './fixtures/ipv6-extensions.ts';
import { largeFixtures } from './fixtures/large.ts';
import { linkFixtures } from './fixtures/link.ts';
import { transportFixtures } from './fixtures/transport.ts';
import { truncatedFixtures } from './fixtures/truncated.ts';

export type { Fixture, ParsedFields } from './fixtures/fixture.ts';
export { ETHERNET_HEADER } from './fixtures/fixture.ts';
export { bareFixtures } from './fixtures/link.ts';

export const fixtures: readonly Fixture[] = [
  ...linkFixtures,
  ...ipv4Fixtures,
  ...ipv6Fixtures,
  ...ipv6ExtensionFixtures,
  ...transportFixtures,
  ...truncatedFixtures,
  ...largeFixtures,
];
