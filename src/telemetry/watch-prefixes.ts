import type { Call } from '../core/call.ts'
import { conversationKey } from '../core/caller-key.ts'
import { stableHash } from '../core/fit/stable-hash.ts'
import { callSafely } from '../core/host-function.ts'
import { safeLogger, type Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { loggerField } from '../core/port-fields.ts'
import { callable, positiveCount } from '../core/schema.ts'
import type { Stage } from '../core/stage.ts'

/** What broke the prefix of a conversation, which the vendor may have cached. */
export interface PrefixBreak {
  readonly conversationId: string
  readonly requestId: string
  readonly provider: string
  readonly model: string
  /** The first thing that differs: `model`, `tools`, `system`, or a message such as `messages.3`. */
  readonly at: string
  /** How it differs, in words. */
  readonly reason: string
}

/** Options of {@link watchPrefixes}. */
export interface WatchPrefixesOptions {
  /** Called with each break. */
  readonly onBreak?: ((found: PrefixBreak) => unknown) | undefined
  /** Gets a line for each break. */
  readonly logger?: Logger | undefined
  /** Maximum number of conversations that are watched at once; the oldest is forgotten first. Default 1 000. */
  readonly maxConversations?: number | undefined
}

const schema = optionsSchema<WatchPrefixesOptions>()(() => ({
  onBreak: callable,
  logger: loggerField,
  maxConversations: positiveCount,
}))

/** What was sent last for a conversation: hashes of its parts. */
interface Sent {
  readonly target: string
  readonly tools: string
  /** One for each message. */
  readonly messages: readonly string[]
}

/**
 * Creates a stage that finds what breaks the cached prefixes of conversations: it compares each call with the last one of its
 * conversation, and adds a warning to the response. For `use` of an orchestrator; it hashes every message of every call.
 */
export function watchPrefixes(options: WatchPrefixesOptions = {}): Stage {
  checkOptions('watchPrefixes', schema, options)
  const { onBreak, maxConversations = 1000 } = options
  const logger = safeLogger(options.logger)
  const known = new Map<string, Sent>()
  const keep = (key: string, sent: Sent): void => {
    known.delete(key)
    known.set(key, sent)
    const [oldest] = known.keys()
    if (known.size > maxConversations && oldest !== undefined) known.delete(oldest)
  }
  return {
    name: 'watch-prefixes',
    at: 'attempt',
    run: async (call, next) => {
      const key = keyOf(call)
      if (key === undefined) return next(call)
      const sent = sentBy(call)
      const before = known.get(key)
      const difference = before && differenceOf(before, sent, call)
      const reply = await next(difference === undefined ? call : withWarning(call, difference))
      keep(key, sent)
      if (difference === undefined) return reply
      const { conversationId = '', requestId } = call
      const { provider, model } = reply
      const found: PrefixBreak = { ...difference, conversationId, requestId, provider, model }
      callSafely(() => onBreak?.(found))
      logger?.warn(found, 'the cached prefix of a conversation is broken')
      return reply
    },
  }
}

type Difference = Pick<PrefixBreak, 'at' | 'reason'>

function withWarning(call: Call, { at, reason }: Difference): Call {
  const message = `the cached prefix of the conversation ends before ${at}: ${reason}`
  return { ...call, warnings: [...(call.warnings ?? []), { type: 'other', path: at, message }] }
}

// Titles, summaries and calls of tools are no part of the conversation.
function keyOf({ operation, lineage, ...call }: Call): string | undefined {
  if (operation !== 'chat' || (lineage !== undefined && lineage.turn === undefined)) return undefined
  const { conversationId: conversation, userId: user, anonymous, tags, conversationChecked } = call
  return conversationKey({ conversation, user, anonymous, tenant: tags?.['tenant'], conversationChecked })
}

function sentBy({ target, settings, messages }: Call): Sent {
  return {
    target: `${target.provider}/${target.model}`,
    tools: hashOf([settings.tools, settings.serverTools]),
    messages: messages.map(hashOf),
  }
}

function hashOf(value: unknown): string {
  return stableHash(JSON.stringify(value) ?? '')
}

function differenceOf(before: Sent, now: Sent, { messages }: Call): Difference | undefined {
  if (before.target !== now.target) return { at: 'model', reason: `${before.target} is now ${now.target}` }
  if (before.tools !== now.tools) return { at: 'tools', reason: 'the tools, or their order, are others' }
  const index = before.messages.findIndex((hash, at) => at < now.messages.length && now.messages[at] !== hash)
  if (index < 0) return undefined
  const isSystem = messages[index]?.role === 'system' || messages[index]?.role === 'developer'
  const isLeftOut = before.messages.includes(now.messages[index] ?? '', index + 1)
  const reason = isLeftOut ? 'earlier messages are left out' : 'its content is another one'
  return { at: isSystem ? 'system' : `messages.${index}`, reason }
}
