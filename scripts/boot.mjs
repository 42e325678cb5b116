/** pnpm test:boot [arguments]: boots the package under systemd in QEMU, as root (tests/package/boot.sh). */
import { commandArguments, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'boot']);
  return runHere('scripts/as-root.sh', ['tests/package/boot.sh', ...commandArguments(process.argv)]);
});
