import { personNameSchema } from '@packetlog/common/fleet';

/** Returns a valid name for a caller: users of the hub's machine may have other names than people of the fleet. */
export function personOf(caller: string): string {
  const name = caller
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63)
    .replace(/[^a-z0-9]+$/, '');
  return personNameSchema.safeParse(name).success ? name : 'unknown';
}
