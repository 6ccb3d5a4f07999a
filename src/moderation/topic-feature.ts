import type { Call } from '../core/call.ts'
import type { Feature } from '../core/feature.ts'
import { callSafely } from '../core/host-function.ts'
import { plainText } from '../core/message.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import type { TopicSubject } from './topic-alert.ts'
import type { TopicMonitor } from './topics.ts'

/** Passes the texts of users and models to a monitor, before moderation changes them. Calls do not wait for the monitor. */
export function topics(monitor: TopicMonitor): Feature {
  return { name: 'topics', mount: () => ({ stages: [new TopicStage(monitor)] }) }
}

class TopicStage implements Stage {
  readonly name = 'topics'
  readonly at = 'call'
  readonly order = stageOrder.topics
  readonly endsWithCall = true
  readonly #monitor: TopicMonitor

  constructor(monitor: TopicMonitor) {
    this.#monitor = monitor
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    if (call.operation !== 'chat') return next(call)
    const subject = subjectOf(call)
    const last = call.messages.findLast(({ role }) => role === 'user')
    const text = last === undefined ? '' : plainText(last.content, '\n')
    if (text !== '') callSafely(() => this.#monitor.observe(text, 'chat.input', subject))
    const onRawText = (output: string): void => {
      if (output !== '') callSafely(() => this.#monitor.observe(output, 'chat.output', subject))
    }
    return next({ ...call, onRawText })
  }
}

function subjectOf({ userId, conversationId, requestId, tags }: Call): TopicSubject {
  return { userId, teamId: tags?.['team'], orgId: tags?.['org'], conversationId, requestId }
}
