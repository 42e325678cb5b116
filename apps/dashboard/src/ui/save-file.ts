const KEPT_FOR_MS = 60_000;

/** Gives a file to whoever looks at the page, as a download. */
export function saveFile(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // A browser may begin to read it only when somebody has said where to.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_FOR_MS);
}
