/**
 * Wraps `keeper`, which updates the pins when interfaces change: an error of the bpf file system becomes a notice and
 * stops nothing else.
 */
import type { Notice } from '@packetlog/common';
import type { LinkKeeper } from './watched.ts';

export function tolerantKeeper(keeper: LinkKeeper, notify: (notice: Notice) => void): LinkKeeper {
  const tried = <Link>(change: (link: Link) => void) => {
    return (link: Link) => {
      try {
        change(link);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        notify({
          at_ms: Date.now(),
          level: 'error',
          code: 'attach_failed',
          message: `The pins could not be updated after a change of the interfaces: ${why}. Capture and rules are unaffected while this loader runs. Before you end it, free space in the bpf file system, or run packetlog unload afterwards.`,
        });
      }
    };
  };
  return {
    attached: tried((link) => keeper.attached(link)),
    detached: tried((link) => keeper.detached(link)),
    renamed: tried((link) => keeper.renamed(link)),
  };
}
