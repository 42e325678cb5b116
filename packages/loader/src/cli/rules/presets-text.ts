/** The presets of limits as text. Pure. */
import { type LimitPreset, presetDrafts, ruleDraftSchema, ruleSentence } from '@packetlog/common';

/** Returns a paragraph for each preset: what it limits, and its rules as sentences. */
export function presetsText(presets: readonly LimitPreset[]): string[] {
  return [
    ...presets.flatMap(({ name, about }) => [
      `${name}: ${about}`,
      ...presetDrafts(name, 'any').map(
        (draft) => `  ${ruleSentence(ruleDraftSchema.parse({ ...draft, reason: '' }), 0)}`,
      ),
      '',
    ]),
    'To add one: packetlog rules add limit any --preset NAME. Other options replace its numbers: --port 2222, --rate 50/s.',
  ];
}
