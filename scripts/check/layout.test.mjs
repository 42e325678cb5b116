import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { layoutFaults } from './layout.mjs';

/** @type {string[]} */
const made = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

const ROOMS = { text: [], ui: ['text'], 'features/*': ['text', 'ui', 'features/*/index.ts'], core: [], ipc: [] };

/**
 * @param {Record<string, string>} files
 * @param {Partial<import('./layout-rules.mjs').Layout>} [over]
 */
function faultsOf(files, over = {}) {
  const base = mkdtempSync(join(tmpdir(), 'layout-'));
  made.push(base);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, 'src', path)), { recursive: true });
    writeFileSync(join(base, 'src', path), text);
  }
  return layoutFaults({ root: 'src', rooms: ROOMS, ...over }, base);
}

describe('which folder imports which', () => {
  it('finds no fault in a tree that follows the rules', () => {
    expect(
      faultsOf({
        'text/clock.ts': 'export const now = 1;',
        'text/clock.test.ts': "import { sample } from '../../test/support/samples.ts';\nvoid sample;",
        'ui/count.tsx':
          "import { now } from '../text/clock.ts';\nimport './count.css';\nexport const count = <b>{now}</b>;",
        'ui/count.css': '.count { color: red }',
        'features/rules/index.ts': "export { rules } from './list/rules.ts';",
        'features/rules/list/rules.ts': "import { now } from '../../../text/clock.ts';\nexport const rules = [now];",
        'features/chart/plot.ts': "import { rules } from '../rules/index.ts';\nexport const plot = rules;",
      }),
    ).toEqual([]);
  });

  it.each([
    ['a static import', "import { list } from '../features/rules/list.ts';\nvoid list;"],
    ['an import of types', "import type { List } from '../features/rules/list.ts';\nexport type L = List;"],
    ['a dynamic import', "export const load = () => import('../features/rules/list.ts');"],
    ['a re-export', "export { list } from '../features/rules/list.ts';"],
    ['an import of all', "import * as all from '../features/rules/list.ts';\nvoid all;"],
    ['an import for its effect', "import '../features/rules/list.ts';"],
  ])('%s of a feature is a fault in ui', (_, text) => {
    expect(faultsOf({ 'ui/sheet.ts': text, 'features/rules/list.ts': 'export const list = 1;' })).toEqual([
      'src/ui/sheet.ts imports features/rules/list.ts. ui may import itself, text.',
    ]);
  });

  it('a feature may import another one only through its index', () => {
    const [fault] = faultsOf({
      'features/chart/plot.ts': "import { list } from '../rules/list.ts';\nvoid list;",
      'features/rules/list.ts': 'export const list = 1;',
    });
    expect(fault).toMatch(/^src\/features\/chart\/plot\.ts imports features\/rules\/list\.ts\. features\/\* may/);
  });

  it('only a test imports test support', () => {
    const [fault] = faultsOf({
      'text/clock.ts': "import { sample } from '../../test/support/samples.ts';\nvoid sample;",
    });
    expect(fault).toMatch(/^src\/text\/clock\.ts imports \.\.\/test\/support\/samples\.ts, which is outside/);
  });

  it('a file in no room is a fault', () => {
    expect(faultsOf({ 'lib/clock.ts': '' })[0]).toMatch(/^src\/lib\/clock\.ts is in no room/);
  });

  it('two rooms that share a third may not import each other', () => {
    const rooms = { core: ['ipc'], server: ['ipc'], ipc: [] };
    const files = { 'ipc/messages.ts': 'export const m = 1;', 'core/rings/drain.ts': 'export const d = 1;' };
    const server = (/** @type {string} */ specifier) => ({ 'server/socket.ts': `import '${specifier}';` });
    expect(faultsOf({ ...files, ...server('../ipc/messages.ts') }, { rooms })).toEqual([]);
    expect(faultsOf({ ...files, ...server('../core/rings/drain.ts') }, { rooms })).toHaveLength(1);
  });
});

describe('import cycles between folders', () => {
  it('are found across several folders, although no file imports itself', () => {
    const faults = faultsOf({
      'core/a/one.ts': "import '../b/two.ts';",
      'core/b/two.ts': "import '../c/three.ts';",
      'core/c/three.ts': "import '../a/four.ts';",
      'core/a/four.ts': '',
    });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/import cycle: core\/a\/one\.ts imports core\/b\/two\.ts, .* core\/a\/four\.ts\./);
  });

  it('are found between a folder and one inside it', () => {
    expect(
      faultsOf({ 'core/main.ts': "import './a/one.ts';", 'core/a/one.ts': "import '../both.ts';", 'core/both.ts': '' }),
    ).toHaveLength(1);
  });
});

describe('folders and names', () => {
  it('a folder has a limit of sources, not counting tests', () => {
    const files = Object.fromEntries(
      ['a', 'b', 'c'].flatMap((n) => [
        [`ui/${n}.ts`, ''],
        [`ui/${n}.test.ts`, ''],
      ]),
    );
    expect(faultsOf(files, { maxFiles: 3 })).toEqual([]);
    expect(faultsOf(files, { maxFiles: 2 })).toEqual(['src/ui has 3 source files, at most 2 are allowed. Split it.']);
  });

  it('no two files have the same name', () => {
    expect(faultsOf({ 'ui/toasts.ts': '', 'ui/toasts.tsx': '' })).toHaveLength(1);
    expect(faultsOf({ 'ui/names.ts': '', 'text/names.ts': '' })[0]).toMatch(
      /^src\/ui\/names\.ts has the same name as text/,
    );
    expect(faultsOf({ 'ui/page.ts': '', 'text/page.ts': '' }, { sameNames: ['page'] })).toEqual([]);
  });
});
