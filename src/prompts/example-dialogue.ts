import type { MessageInput } from '../core/request.ts'
import { fillPlaceholders, type PlaceholderNames } from './placeholders.ts'
import { checkText } from './wrong.ts'

/**
 * Parses example dialogue to lists of messages, one per dialogue. A line that begins with `{{user}}:` or `{{char}}:`, or
 * their names, begins a message. `<START>` lines, in any case, separate dialogues. Text before the first speaker is
 * dropped, and placeholders are replaced.
 */
export function parseExampleDialogue(text: string, names: PlaceholderNames = {}): MessageInput[][] {
  checkText('parseExampleDialogue', text)
  const speakers = speakersOf(names)
  return text
    .split(/^[^\S\n]{0,100}<START>[^\S\n]{0,100}$/im)
    .filter((dialogue) => dialogue.trim() !== '')
    .map((dialogue) => readDialogue(dialogue, speakers, names))
    .filter((messages) => messages.length > 0)
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
    const others = who === 'char' ? ['{{bot}}', '<bot>'] : []
    const leads = [token, `<${who}>`, ...others, fillPlaceholders(token, names)]
    return leads.map((lead) => ({ role, lead: `${lead}:`.toLowerCase() }))
  })
}

function readDialogue(
  dialogue: string,
  speakers: readonly Speaker[],
  names: PlaceholderNames,
): MessageInput[] {
  const messages: { role: 'user' | 'assistant'; lines: string[] }[] = []
  for (const line of dialogue.split(/\r?\n/)) {
    const start = line.trimStart()
    const lowered = start.toLowerCase()
    const speaker = speakers.find(({ lead }) => lowered.startsWith(lead))
    if (speaker !== undefined)
      messages.push({ role: speaker.role, lines: [start.slice(speaker.lead.length)] })
    else messages.at(-1)?.lines.push(line)
  }
  return messages
    .map(({ role, lines }) => ({ role, content: fillPlaceholders(lines.join('\n').trim(), names) }))
    .filter(({ content }) => content !== '')
}
