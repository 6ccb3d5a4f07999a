import type { Call } from '../core/call.ts'
import { plainText } from '../core/message.ts'
import type { Stage } from '../core/stage.ts'
import type { TopicMonitor, TopicSubject } from './index.ts'
import { exchangeChat } from '../exchange/chat.ts'

/** Shows a monitor what users write and what models answer, as it was before any moderation. Waits for nothing. */
export function createTopicStage(monitor: TopicMonitor): Stage {
  return (call, next) => {
    if (call.exchange !== exchangeChat) return next(call)
    const subject = subjectOf(call)
    const last = call.messages.findLast(({ role }) => role === 'user')
    const text = last === undefined ? '' : plainText(last.content, '\n')
    if (text !== '') void monitor.observe(text, 'chat.input', subject)
    const onAnswerText = (answer: string): void => {
      if (answer !== '') void monitor.observe(answer, 'chat.output', subject)
    }
    return next({ ...call, onRawText: onAnswerText })
  }
}

function subjectOf({ userId, conversationId, requestId, tags }: Call): TopicSubject {
  return { userId, teamId: tags?.['team'], orgId: tags?.['org'], conversationId, requestId }
}
