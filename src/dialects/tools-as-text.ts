import { toolNames } from '../core/history.ts'
import { argumentsText, partsOf, plainText, type AssistantPart, type Message } from '../core/message.ts'

/** The messages with their tool calls and results as text, for a request that cannot hold them. Calls `onConvert` if there are any. */
export function toolsAsText(messages: readonly Message[], onConvert: () => void): readonly Message[] {
  if (!messages.some(holdsTools)) return messages
  onConvert()
  const names = toolNames(messages)
  return messages.map((message): Message => {
    if (message.role === 'tool') {
      const { toolCallId, content, isError } = message
      const name = message.name ?? names.get(toolCallId) ?? 'a tool'
      const lead = isError === true ? 'Failed result of' : 'Result of'
      const text = `${lead} ${name}: ${plainText(content, '\n')}`
      const media = partsOf(content).filter((part) => part.type !== 'text')
      return { role: 'user', content: [{ type: 'text', text }, ...media] }
    }
    if (message.role !== 'assistant') return message
    return { ...message, content: partsOf(message.content).map(callAsText) }
  })
}

function holdsTools(message: Message): boolean {
  if (message.role === 'tool') return true
  return message.role === 'assistant' && partsOf(message.content).some((part) => part.type === 'tool-call')
}

function callAsText(part: AssistantPart): AssistantPart {
  if (part.type !== 'tool-call') return part
  return { type: 'text', text: `(Called ${part.name} with ${argumentsText(part)})` }
}
