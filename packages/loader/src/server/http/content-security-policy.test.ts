import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy, scriptHashes } from './content-security-policy.ts';

const hash = (script: string) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

describe('scriptHashes', () => {
  it.each<[string, string, string[]]>([
    ['a page without scripts', '<p>x</p>', []],
    ['an inline script', '<script>a()</script>', [hash('a()')]],
    ['one with attributes', '<script id="x" async>a()</script>', [hash('a()')]],
    ['several lines, white space and all', '<script>\n a()\n</script>', [hash('\n a()\n')]],
    ['two', '<script>a</script><div></div><script type="module">b</script>', [hash('a'), hash('b')]],
    ['a script of its own file', '<script src="/a.js"></script>', []],
    ['a file, then inline', '<script src="/a.js" async=""></script><script>b</script>', [hash('b')]],
    ['letters beyond ASCII', '<script>"ü"</script>', [hash('"ü"')]],
  ])('of %s', (_, html, hashes) => {
    expect(scriptHashes(html)).toEqual(hashes);
  });
});

describe('contentSecurityPolicy', () => {
  const file = (name: string, text: string) => ({ name, content: Buffer.from(text), modified: new Date(0) });
  const page = file('index.html', '<p>x</p>');
  const directives = (files = [page], nodes: readonly string[] = []) =>
    new Map(
      contentSecurityPolicy(files, nodes)
        .split('; ')
        .map((each) => [each.split(' ')[0], each.split(' ').slice(1)]),
    );

  it('allows exactly the inline scripts of all pages, including those in folders', () => {
    const files = [
      file('index.html', '<script>a</script><script>b</script>'),
      file('sub/page.html', '<script>b</script><script>c</script>'),
      file('not-a-page.txt', '<script>d</script>'),
    ];
    expect(directives(files).get('script-src')).toEqual(["'self'", hash('a'), hash('b'), hash('c')]);
  });

  it('allows connections to the page’s own loader and to the named origins only, even on the same machine', () => {
    expect(directives().get('connect-src')).toEqual(["'self'"]);
    expect(
      directives([page], ['http://web-2:7411', 'http://localhost:7412', 'https://web-3.example.com']).get(
        'connect-src',
      ),
    ).toEqual(["'self'", 'ws://web-2:7411', 'ws://localhost:7412', 'wss://web-3.example.com']);
  });

  it('allows nothing by default, no frames, no forms, and no inline or evaluated scripts', () => {
    const policy = directives();
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('script-src')).toEqual(["'self'"]);
    for (const name of ['base-uri', 'form-action', 'frame-ancestors']) expect(policy.get(name)).toEqual(["'none'"]);
  });
});
