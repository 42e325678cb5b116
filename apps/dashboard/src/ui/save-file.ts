const REVOKE_AFTER_MS = 60_000;

/** Downloads a file. */
export function saveFile(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // A browser may read the file only after the user has chosen where to save it.
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER_MS);
}
