import { rowOf } from '../../core/json.ts'
import { partsOf, type AssistantPart, type Message, type UserPart } from '../../core/message.ts'
import type { Note } from '../note.ts'
import type { RoleMarks } from './quirks.ts'

/** Role marks that most models of this kind know. */
export const commonMarks: RoleMarks = {
  systemStart: '',
  systemEnd: '\n',
  userStart: '\n### Instruction:\n',
  userEnd: '\n',
  assistantStart: '\n### Response:\n',
  assistantEnd: '\n',
}

/** The conversation as one prompt that the assistant continues. A final assistant message is the start of its answer. */
export function writePrompt(messages: readonly Message[], marks: RoleMarks, note: Note): string {
  const texts = messages.map((message, index) => {
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
  return (texts.join('') + open).replace(/^\n+/, '')
}

const LEFT_OUT: Readonly<Record<string, string>> = { image: 'an image', audio: 'audio', file: 'a file' }

// Without reasoning. Tool calls are text already.
function textOf({ content }: Message, note: Note): string {
  const texts: string[] = []
  for (const part of partsOf<UserPart | AssistantPart>(content)) {
    const what = rowOf(LEFT_OUT, part.type)
    if (part.type === 'text') texts.push(part.text)
    else if (what !== undefined) note(`${what} was left out: the format is plain text`)
  }
  return texts.join('\n')
}

// A role mark inside a text would begin another message.
function breakMarks(text: string, marks: RoleMarks, note: Note): string {
  let broken = text
  for (const mark of Object.values(marks)) {
    const bare = mark.trim()
    if (bare !== '') broken = broken.replaceAll(bare, `${bare.charAt(0)} ${bare.slice(1)}`)
  }
  if (broken !== text)
    note('a role mark inside a message was broken up: the model would read it as another message')
  return broken
}
