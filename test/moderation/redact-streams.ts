import type { StreamEvent } from '../../src/core/event.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { createRuleModerator, type Moderator } from '../../src/moderation/index.ts'
import { createRedactor, type ScanState } from '../../src/moderation/redaction/index.ts'

/** Opens scans of a moderator under a policy of "replace, unless the rule says otherwise". */
export function scansOf(moderator: Moderator, replacement: string = '[X]'): ScanState {
  return () => {
    const scan = moderator.scan?.(
      (finding) => {
        const action = finding.action ?? 'redact'
        if (action === 'block') return { block: true }
        return action === 'redact' ? { replacement: finding.replacement ?? replacement } : {}
      },
      { source: 'output' },
    )
    if (scan === undefined) throw new Error('the moderator reads no streams')
    return scan
  }
}

export const byRules = (rules: string): ScanState => scansOf(createRuleModerator({ rules }))

/** Runs batches through a redactor. */
export function redacted(
  open: ScanState,
  batches: readonly (readonly StreamEvent[])[],
): StreamEvent[] & { blocked?: boolean } {
  const redactor = createRedactor(open)
  const out: StreamEvent[] & { blocked?: boolean } = []
  for (const batch of batches) {
    redactor.push(batch)
    do out.push(...redactor.work())
    while (redactor.pending)
  }
  out.blocked = redactor.blocked
  return out
}

const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
export const finish: StreamEvent = { type: 'finish', finishReason: 'stop', usage }

/** A text that came in these pieces, as it goes out. */
export function textOf(
  open: ScanState,
  pieces: readonly string[],
  type: 'text-delta' | 'reasoning-delta' = 'text-delta',
): string {
  const batches = [...pieces.map((text): StreamEvent[] => [{ type, text }]), [finish]]
  return redacted(open, batches)
    .map((event) => (event.type === type ? event.text : ''))
    .join('')
}

/** Arguments that came in these pieces, as they go out: the pieces joined, and the whole call. */
export function argumentsOf(
  open: ScanState,
  pieces: readonly string[],
  whole: JsonValue,
): { text: string; value: JsonValue | undefined } {
  const id = 'c1'
  const events = redacted(open, [
    [{ type: 'tool-call-start', id, name: 't' }],
    ...pieces.map((delta): StreamEvent[] => [{ type: 'tool-call-delta', id, delta }]),
    [{ type: 'tool-call', id, name: 't', arguments: whole }, finish],
  ])
  const text = events.map((event) => (event.type === 'tool-call-delta' ? event.delta : '')).join('')
  const call = events.find((event) => event.type === 'tool-call')
  return { text, value: call?.type === 'tool-call' ? call.arguments : undefined }
}

/** All ways to cut a text in two places. */
export function* twoCuts(text: string): Generator<string[]> {
  for (let a = 0; a <= text.length; a++)
    for (let b = a; b <= text.length; b++) yield [text.slice(0, a), text.slice(a, b), text.slice(b)]
}
