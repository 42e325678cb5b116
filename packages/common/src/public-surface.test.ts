import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as batchLayout from './batch/batch-layout.ts';
import * as fleet from './fleet/index.ts';
import * as surface from './index.ts';
import * as ledger from './protocol/ledger.ts';
import * as protocol from './protocol/protocol.ts';
import * as cHeader from './record/c-header.ts';
import * as layout from './record/layout.ts';

function kindOf(value: unknown): string {
  if (typeof value !== 'function') return Array.isArray(value) ? 'array' : typeof value;
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
}

function runtimeExports(module: object): string[] {
  return Object.entries(module).map(([name, value]) => `${kindOf(value)} ${name}`);
}

function source(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

/** Returns index.ts with each type as `type Name`, also those of lists that have only types. */
function index(): string {
  const asTypes = (list: string) => list.replaceAll(/\b(\w+)/g, 'type $1');
  return source('./index.ts').replaceAll(/export type (\{[^}]*\}) from/g, (_, list) => `export ${asTypes(list)} from`);
}

/** Returns the types that index.ts exports as `type Name`. */
function typeExports(): string[] {
  return [...index().matchAll(/\btype (\w+)/g)].map(([, name]) => `type ${name}`);
}

/** Returns the public members of a class. */
function members(name: string, { prototype }: { prototype: object }): string[] {
  const own = Object.getOwnPropertyNames(prototype).filter((member) => member !== 'constructor');
  return own.map((member) => `${name}.${member}`);
}

const agreed = ['record/layout.ts', 'batch/batch-layout.ts', 'protocol/ledger.ts', 'protocol/protocol.ts'];

describe('the public surface', () => {
  it('is the checked-in one', async () => {
    const lines = [
      ...[...runtimeExports(surface), ...typeExports()].sort(),
      '',
      ...members('PacketLogView', surface.PacketLogView),
      'PacketLogBatch.from (static)',
      '',
      'from ./c-header:',
      ...runtimeExports(cHeader),
      '',
      'from ./fleet:',
      ...runtimeExports(fleet).sort(),
    ];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('./public-surface.snapshot.txt');
  });

  it('has every value of the layouts and the protocol', () => {
    expect(Object.keys(surface)).toEqual(
      expect.arrayContaining([layout, batchLayout, ledger, protocol].flatMap((module) => Object.keys(module))),
    );
  });

  it.each(agreed)('has every type of %s', (file) => {
    const declared = [...source(`./${file}`).matchAll(/^export (?:interface|type) (\w+)/gm)].map(
      ([, name]) => `type ${name}`,
    );
    expect(typeExports()).toEqual(expect.arrayContaining(declared));
  });

  it('has only named re-exports', () => {
    const rest = index().replaceAll(/export \{[^}]*\} from '\.\/[\w/-]+\.ts';\n/g, '');
    expect(rest).toBe('');
  });
});
