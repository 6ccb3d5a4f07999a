import type { Message, UserPart } from '../core/message.ts'
import type { ModerationRun } from './moderation-run.ts'

type UserMessage = Extract<Message, { role: 'user' }>

/** Moderates the user messages. Resolves to all messages, redacted; blocked texts are in the `issues` of the run. */
export async function reviewMessages(
  run: ModerationRun,
  messages: readonly Message[],
): Promise<readonly Message[]> {
  const reviewed: Message[] = []
  for (const [index, message] of messages.entries())
    reviewed.push(message.role === 'user' ? await reviewUser(run, message, `messages.${index}`) : message)
  return reviewed
}

async function reviewUser(run: ModerationRun, message: UserMessage, path: string): Promise<UserMessage> {
  const { content } = message
  if (typeof content === 'string') {
    const text = await run.whole(content, `${path}.content`)
    return text === undefined || text === content ? message : { ...message, content: text }
  }
  const parts: UserPart[] = []
  for (const [index, part] of content.entries()) {
    const text =
      part.type === 'text' ? await run.whole(part.text, `${path}.content.${index}.text`) : undefined
    parts.push(part.type === 'text' && text !== undefined ? { ...part, text } : part)
  }
  return { ...message, content: parts }
}
