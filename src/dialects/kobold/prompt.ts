import { partsOf, type AssistantPart, type Message, type UserPart } from '../../core/message.ts'
import type { RoleMarks } from './quirks.ts'

type Note = (message: string) => void

/** The marks that most models of this kind know. */
export const commonMarks: RoleMarks = {
  systemStart: '',
  systemEnd: '\n',
  userStart: '\n### Instruction:\n',
  userEnd: '\n',
  assistantStart: '\n### Response:\n',
  assistantEnd: '\n',
}

/** A conversation as one text, open for the assistant's next turn; where it ends with one, that is continued. */
export function writePrompt(messages: readonly Message[], marks: RoleMarks, note: Note): string {
  const turns = messages.map((message, index) => {
    const text = breakMarks(textOf(message, note), marks, note)
    const last = index === messages.length - 1
    switch (message.role) {
      case 'system':
      case 'developer':
        return marks.systemStart + text + marks.systemEnd
      case 'assistant':
        return marks.assistantStart + text + (last ? '' : marks.assistantEnd)
      default:
        return marks.userStart + text + marks.userEnd
    }
  })
  const open = messages.at(-1)?.role === 'assistant' ? '' : marks.assistantStart
  return (turns.join('') + open).replace(/^\n+/, '')
}

const LEFT_OUT: Readonly<Record<string, string>> = { image: 'an image', audio: 'sound', file: 'a file' }

// Thoughts are not said again, and calls were told in words before.
function textOf({ content }: Message, note: Note): string {
  const texts: string[] = []
  for (const part of partsOf<UserPart | AssistantPart>(content)) {
    const what = LEFT_OUT[part.type]
    if (part.type === 'text') texts.push(part.text)
    else if (what !== undefined) note(`${what} was left out: the format is plain text`)
  }
  return texts.join('\n')
}

// A text that holds a mark would begin a turn of its own.
function breakMarks(text: string, marks: RoleMarks, note: Note): string {
  let broken = text
  for (const mark of Object.values(marks)) {
    const bare = mark.trim()
    if (bare !== '') broken = broken.replaceAll(bare, `${bare.charAt(0)} ${bare.slice(1)}`)
  }
  if (broken !== text) note('a role mark inside a turn was broken up: it would have begun another turn')
  return broken
}
