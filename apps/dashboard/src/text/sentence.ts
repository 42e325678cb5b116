/** With a capital in front and a full stop behind, as a sentence stands alone: 'rule 7 denies any source' is told so. */
export function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
