import { argumentsText, partsOf, plainText, type AssistantPart, type Message } from '../../core/message.ts'
import type { Note } from './content.ts'

/**
 * A conversation with its tool calls and results told in words. The format refuses them in a request that offers no tools,
 * and a tool made up for its sake could be called.
 */
export function tellTools(messages: readonly Message[], note: Note): readonly Message[] {
  if (!messages.some(holdsTools)) return messages
  note('earlier tool calls and their results were sent as text: the format takes them only with tools')
  return messages.map((message): Message => {
    if (message.role === 'tool') {
      const { name, content, isError } = message
      const text = `${isError === true ? 'Failed result' : 'Result'}${name === undefined ? '' : ` of ${name}`}: ${plainText(content, '\n')}`
      const media = partsOf(content).filter((part) => part.type !== 'text')
      return { role: 'user', content: [{ type: 'text', text }, ...media] }
    }
    if (message.role !== 'assistant') return message
    return { ...message, content: partsOf(message.content).map(tellCall) }
  })
}

function holdsTools(message: Message): boolean {
  if (message.role === 'tool') return true
  return message.role === 'assistant' && partsOf(message.content).some((part) => part.type === 'tool-call')
}

function tellCall(part: AssistantPart): AssistantPart {
  if (part.type !== 'tool-call') return part
  return { type: 'text', text: `(Called ${part.name} with ${argumentsText(part)})` }
}
