import { partsOf, type AssistantPart } from '../core/message.ts'
import type { ChatResponse } from '../core/response.ts'
import { sumUsage } from '../core/add-usage.ts'

/** The responses of a turn's rounds as one: all that they say and call, with the sum of their usage. */
export function joinResponses(responses: readonly ChatResponse[]): ChatResponse | undefined {
  const last = responses.at(-1)
  if (last === undefined || responses.length === 1) return last
  const join = <T>(read: (response: ChatResponse) => readonly T[]): readonly T[] => responses.flatMap(read)
  return {
    ...last,
    text: join(({ text }) => [text]).join(''),
    reasoning: join(({ reasoning }) => [reasoning]).join(''),
    toolCalls: join(({ toolCalls }) => toolCalls),
    citations: join(({ citations }) => citations),
    files: join(({ files }) => files),
    warnings: join(({ warnings }) => warnings),
    attempts: join(({ attempts }) => attempts),
    message: { ...last.message, content: join(({ message }) => partsOf<AssistantPart>(message.content)) },
    usage: sumUsage(responses.map(({ usage }) => usage)),
  }
}
