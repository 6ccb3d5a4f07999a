import { LlmError, toLlmError, withPaths } from '../../core/error.ts'
import { inTime } from '../../core/host-function.ts'
import { isObject } from '../../core/json.ts'
import type { UserPart } from '../../core/message.ts'
import type { NewMessage } from '../storage/index.ts'
import { messageOf, sameContent, storedContent } from './message-content.ts'
import { callerOf } from './permissions.ts'
import { readMessage } from './requests.ts'
import type { DraftContext, DraftMessage } from './draft-message.ts'
import type { ServiceContext } from './service-context.ts'

const MAX_PIPELINE_MS = 60_000

/**
 * Runs a message through the service's pipeline. Rejects with `content-blocked`, code `pipeline`, if a step drops it, with the
 * error of a step, or with `timeout` after 60 s.
 */
export async function throughPipeline<M extends DraftMessage>(
  { options: { pipeline }, clock }: Pick<ServiceContext, 'options' | 'clock'>,
  draft: M,
  context: DraftContext,
): Promise<M> {
  if (pipeline === undefined) return draft
  const { role, content, name, metadata } = draft
  const running = Promise.resolve()
    .then(() => pipeline.run({ role, content, name, metadata }, context))
    .catch((error: unknown) => {
      throw toLlmError(error, 'server-failed', 'the message pipeline failed')
    })
  const late = (): LlmError =>
    new LlmError('timeout', `the message pipeline took longer than ${MAX_PIPELINE_MS} ms`)
  const { message, droppedBy } = await inTime(running, { clock, ms: MAX_PIPELINE_MS, late })
  if (message === undefined)
    throw new LlmError('content-blocked', `step "${droppedBy ?? ''}" of the pipeline refused the message`, {
      code: 'pipeline',
    })
  return { ...draft, ...(await checkedDraft(message)) }
}

async function checkedDraft(message: DraftMessage): Promise<DraftMessage> {
  const { role, content, name, metadata } = isObject(message) ? message : ({} as Partial<DraftMessage>)
  const isContent = typeof content === 'string' || Array.isArray(content)
  if (role === undefined || !isContent || (metadata !== undefined && !isObject(metadata)))
    throw new LlmError(
      'misconfigured',
      'the message pipeline returned no message: return it with role and content',
    )
  const read = role === 'user' ? storedContent(await readMessage(content as readonly UserPart[])) : content
  return { role, content: read, name, metadata }
}

/** The author of messages that are stored without a call, and the place that errors name. */
export interface DraftSource extends DraftContext {
  readonly signal?: AbortSignal | undefined
  /** Path of the content of the message at an index of the rows. */
  readonly pathOf: (index: number) => string
}

/**
 * Checks messages that are stored without a call: by the pipeline, and as a call with each of them would be checked. Resolves
 * to what may be stored. Rejects with `invalid-request` or `content-blocked`, with the paths of the caller's request.
 */
export async function admitMessages<M extends DraftMessage & Partial<NewMessage>>(
  service: ServiceContext,
  rows: readonly M[],
  { pathOf, signal, ...context }: DraftSource,
): Promise<readonly M[]> {
  const admitted: M[] = []
  for (const [at, row] of rows.entries()) {
    signal?.throwIfAborted()
    try {
      const draft = await throughPipeline(service, row, context)
      admitted.push(await reviewed(service, draft, { ...context, signal }))
    } catch (error) {
      throw LlmError.is(error) ? withPaths(error, (path) => path.replace(PLACE, () => pathOf(at))) : error
    }
  }
  return admitted
}

async function reviewed<M extends DraftMessage & Partial<NewMessage>>(
  { options: { orchestrator } }: ServiceContext,
  row: M,
  { identity, conversationId, signal }: DraftContext & Pick<DraftSource, 'signal'>,
): Promise<M> {
  // Empty partial answers are kept for their usage only, and are never sent.
  if (orchestrator.reviewMessages === undefined || (row.role === 'assistant' && row.content.length === 0))
    return row
  const message = messageOf(row)
  const [allowed = message] = await orchestrator.reviewMessages({
    messages: [message],
    ...callerOf(identity),
    conversationId,
    signal,
  })
  if (sameContent(allowed.content, message.content)) return row
  const content = allowed.content as NewMessage['content']
  return { ...row, content, metadata: { ...row.metadata, moderated: true } }
}

const PLACE = /^messages\.0(\.content)?(?=\.|$)/
