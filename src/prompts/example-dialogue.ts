import type { MessageInput } from '../core/request.ts'
import { fillPlaceholders, type PlaceholderNames } from './placeholders.ts'

/**
 * Reads sample talk: lines that begin with `{{user}}:` or `{{char}}:`, or their names, begin a turn; the lines below
 * belong to it. `<START>` lines, in any case, separate pieces, each of which comes as turns with names filled in. Text
 * before the first speaker is left out.
 */
export function parseExampleDialogue(text: string, names: PlaceholderNames = {}): MessageInput[][] {
  const speakers = speakersOf(names)
  return text
    .split(/^[^\S\n]{0,100}<START>[^\S\n]{0,100}$/im)
    .filter((piece) => piece.trim() !== '')
    .map((piece) => readPiece(piece, speakers, names))
    .filter((turns) => turns.length > 0)
}

interface Speaker {
  readonly role: 'user' | 'assistant'
  /** In lower case. */
  readonly lead: string
}

function speakersOf(names: PlaceholderNames): readonly Speaker[] {
  return (['user', 'char'] as const).flatMap((who) => {
    const role = who === 'user' ? ('user' as const) : ('assistant' as const)
    const token = `{{${who}}}`
    const leads = [token, `<${who.toUpperCase()}>`, fillPlaceholders(token, names)]
    return leads.map((lead) => ({ role, lead: `${lead}:`.toLowerCase() }))
  })
}

function readPiece(piece: string, speakers: readonly Speaker[], names: PlaceholderNames): MessageInput[] {
  const turns: { role: 'user' | 'assistant'; lines: string[] }[] = []
  for (const line of piece.split(/\r?\n/)) {
    const start = line.trimStart()
    const lowered = start.toLowerCase()
    const speaker = speakers.find(({ lead }) => lowered.startsWith(lead))
    if (speaker !== undefined) turns.push({ role: speaker.role, lines: [start.slice(speaker.lead.length)] })
    else turns.at(-1)?.lines.push(line)
  }
  return turns
    .map(({ role, lines }) => ({ role, content: fillPlaceholders(lines.join('\n').trim(), names) }))
    .filter(({ content }) => content !== '')
}
