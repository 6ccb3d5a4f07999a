import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { errorFields, type Logger } from '../core/log.ts'
import { plainText } from '../core/message.ts'
import type { ResponseStream } from '../core/response-stream.ts'

/**
 * Runs a call and writes its lines: its start at `debug`, its end at `info`, its failure at `error`. A call that its caller
 * aborted ends at `info`. No line contains a text or a key.
 */
export async function runLogged(
  call: Call,
  logger: Logger,
  run: () => Promise<ResponseStream>,
): Promise<ResponseStream> {
  const { target, stream, messages, clock } = call
  const { provider, model } = target
  const ids = idsOf(call)
  const startedAt = clock.now()
  const durationMs = (): number => Math.round(clock.now() - startedAt)
  const promptChars = messages.reduce((sum, { content }) => sum + plainText(content).length, 0)
  logger.debug(
    { ...ids, provider, model, stream, messages: messages.length, promptChars },
    'the call started',
  )
  const failed = (error: unknown): void => {
    const attempts = LlmError.is(error) ? error.attempts?.length : undefined
    const level = LlmError.is(error, 'aborted') ? 'info' : 'error'
    const fields = { ...ids, provider, model, ...errorFields(error), attempts, durationMs: durationMs() }
    logger[level](fields, level === 'info' ? 'the call was aborted' : 'the call failed')
  }
  const ended = (reply: ResponseStream): void => {
    const { attempts } = reply
    const last = attempts.at(-1) ?? target
    const usedFallback = last.provider !== provider || last.model !== model
    const used = { provider: reply.provider, model: reply.model, attempts: attempts.length, usedFallback }
    logger.info({ ...ids, ...used, usage: reply.usage(), durationMs: durationMs() }, 'the call ended')
  }
  try {
    const reply = await run()
    reply.onEnd((error) => (error === undefined ? ended(reply) : failed(error)))
    return reply
  } catch (error) {
    failed(error)
    throw error
  }
}

function idsOf({ requestId, operation, conversationId }: Call): Record<string, string> {
  return { requestId, operation, ...(conversationId === undefined ? undefined : { conversationId }) }
}
