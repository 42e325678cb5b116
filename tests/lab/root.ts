/**
 * Returns whether this process may create network namespaces and load programs. Tests that need it skip when it may
 * not, which the report shows; with REQUIRE_ROOT=1, as in continuous integration, that is an error instead.
 */
export function requireRoot(): boolean {
  if (process.getuid?.() === 0) return true;
  if (process.env['REQUIRE_ROOT'] === '1') {
    throw new Error('REQUIRE_ROOT=1, but this process is not root: run it with sudo, or unset REQUIRE_ROOT.');
  }
  return false;
}
