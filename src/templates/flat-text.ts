/**
 * The same text in one piece. The tokenizer adds texts up character by character, and an engine that joins such a
 * text to others walks through all its pieces each time.
 */
export function flatText(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text))
  return typeof copy === 'string' ? copy : text
}
