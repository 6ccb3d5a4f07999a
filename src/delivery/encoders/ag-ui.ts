import type { AgentEvent, EventBatch, StartEvent, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import { checkOptions } from '../../core/options.ts'
import type { Usage } from '../../core/response.ts'
import {
  dataFrame,
  encoderSchema,
  HEARTBEAT,
  isShutdown,
  publicError,
  SSE_TYPE,
  type Encoder,
  type EncoderOptions,
  type StreamEnd,
} from '../../protocols/index.ts'
import { toldIds } from './told-ids.ts'

const VERSION = '1.0'

/**
 * Encodes a response as AG-UI events (version 1.0): a run with steps, text and reasoning messages, tool calls with results,
 * subagents, and interrupts for calls that need a decision. Each step is one message: the id of the answer, `:`, and the step.
 * Progress, citations, files, warnings and continuations are `CUSTOM` events. Leaves out choices beyond the first.
 */
export function agUiEncoder(options: EncoderOptions): Encoder {
  checkOptions('agUiEncoder', encoderSchema, options)
  return new RunFrames(options)
}

class RunFrames implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly #options: EncoderOptions
  readonly #own: AgentFrames
  readonly #id: string
  #start: StartEvent | undefined
  #isOpen = false
  #usage: Usage | undefined

  constructor(options: EncoderOptions) {
    this.#options = options
    this.#id = options.id ?? newId('msg')
    this.#own = new AgentFrames({ id: options.messageId ?? this.#id })
  }

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let frames = ''
    for (const event of batch) {
      if ('usage' in event && event.type !== 'step') this.#usage = event.usage
      if (event.type === 'start') {
        this.#start = event
        if (event.messageId !== undefined) this.#own.id = event.messageId
      } else if (((event as { choice?: number }).choice ?? 0) === 0)
        frames += this.#begin() + this.#own.frames(event)
    }
    return frames
  }

  close(ending: StreamEnd): string {
    const frames = this.#begin() + this.#own.close()
    if (ending.type === 'done') return frames + this.#finished(this.#own.outcome)
    const { error } = ending
    if (error.kind === 'aborted' && !isShutdown(error)) return frames + this.#finished({ type: 'cancelled' })
    const { message, kind: code } = publicError(error)
    const usage = this.#counts(error.partial?.usage ?? this.#usage)
    return frames + dataFrame({ type: 'RUN_ERROR', message, code, usage })
  }

  #begin(): string {
    if (this.#isOpen) return ''
    this.#isOpen = true
    return dataFrame({ type: 'RUN_STARTED', ...this.#ids(), protocolVersion: VERSION })
  }

  #finished(outcome: object | undefined): string {
    return dataFrame({ type: 'RUN_FINISHED', ...this.#ids(), outcome, usage: this.#counts(this.#usage) })
  }

  #ids(): { readonly threadId: string; readonly runId: string } {
    const { conversationId: threadId = this.#id } = toldIds(this.#options, this.#start)
    return { threadId, runId: this.#options.runId ?? this.#id }
  }

  #counts(usage: Usage | undefined): readonly object[] | undefined {
    if (usage === undefined) return undefined
    const { provider, model } = this.#start ?? {}
    const { inputTokens, outputTokens, totalTokens, reasoningTokens, cachedInputTokens, cacheWriteTokens } =
      usage
    const counts = { inputTokens, outputTokens, totalTokens, reasoningTokens, cachedInputTokens }
    return [{ provider, model, ...counts, cacheWriteInputTokens: cacheWriteTokens }]
  }
}

/** Whose events these are: the agent's own, or those of a subagent that a tool call started. */
interface Origin {
  readonly id: string
  readonly subagentRunId?: string | undefined
}

type Block = 'text' | 'reasoning'
type Outcome = { readonly type: 'interrupt'; readonly interrupts: readonly object[] }

/** The events of one agent, with what is open of them. */
class AgentFrames {
  id: string
  readonly #subagentRunId: string | undefined
  readonly #started = new Set<string>()
  readonly #ended = new Set<string>()
  /** Calls whose arguments have come in pieces. */
  readonly #partial = new Set<string>()
  readonly #children = new Map<string, AgentFrames>()
  readonly #interrupts: object[] = []
  #step = 0
  #inStep = false
  #block: Block | undefined
  #blocks = 0

  constructor({ id, subagentRunId }: Origin) {
    this.id = id
    this.#subagentRunId = subagentRunId
  }

  /** What the run waits for; `undefined` if nothing. */
  get outcome(): Outcome | undefined {
    return this.#interrupts.length === 0 ? undefined : { type: 'interrupt', interrupts: this.#interrupts }
  }

  frames(event: StreamEvent): string {
    switch (event.type) {
      case 'text-delta':
        return event.text === '' ? '' : this.#delta('text', event.text)
      case 'reasoning-delta':
        return event.text === '' ? '' : this.#delta('reasoning', event.text)
      case 'tool-call-start':
        return this.#startCall(event)
      case 'tool-call-delta':
        return event.delta === '' || !this.#started.has(event.id) ? '' : this.#args(event.id, event.delta)
      case 'tool-call':
      case 'server-tool-call':
        return this.#call(event)
      case 'tool-result':
      case 'server-tool-result':
        return this.#result(event.id, textOf(event.result))
      case 'tool-error':
        return this.#failedChild(event) + this.#result(event.id, event.message)
      case 'approval-requested':
        this.#interrupts.push(interruptFor(event))
        return ''
      case 'agent-event':
        return this.#child(event)
      case 'step':
        return this.end()
      case 'finish':
        return this.end()
      case 'start':
      case 'usage':
        return ''
      case 'tool-progress':
      case 'citation':
      case 'file':
      case 'warning':
      case 'continued':
        return this.#custom(event)
    }
  }

  /** Ends what is open: the message and the step. */
  end(): string {
    if (!this.#inStep) return ''
    const frames = this.#endBlock() + this.#frame({ type: 'STEP_FINISHED', stepName: this.#stepName })
    this.#inStep = false
    this.#step++
    return frames
  }

  /** Ends everything, with the subagents that have no end. */
  close(): string {
    let frames = ''
    for (const child of this.#children.values())
      frames += child.close() + dataFrame({ type: 'SUBAGENT_FINISHED', subagentRunId: child.id })
    this.#children.clear()
    return frames + this.end()
  }

  get #stepName(): string {
    return `step-${this.#step}`
  }

  get #messageId(): string {
    return `${this.id}:${this.#step}`
  }

  #frame(event: { readonly type: string; readonly [key: string]: unknown }): string {
    return dataFrame({ ...event, subagentRunId: this.#subagentRunId })
  }

  #begin(): string {
    if (this.#inStep) return ''
    this.#inStep = true
    return this.#frame({ type: 'STEP_STARTED', stepName: this.#stepName })
  }

  #delta(block: Block, delta: string): string {
    const opened = this.#block === block ? '' : this.#startBlock(block)
    const type = block === 'text' ? 'TEXT_MESSAGE_CONTENT' : 'REASONING_MESSAGE_CONTENT'
    return opened + this.#frame({ type, messageId: this.#blockId, delta })
  }

  get #blockId(): string {
    return this.#block === 'reasoning' ? `${this.#messageId}:reasoning-${this.#blocks}` : this.#messageId
  }

  #startBlock(block: Block): string {
    const before = this.#begin() + this.#endBlock()
    this.#block = block
    this.#blocks++
    const messageId = this.#blockId
    if (block === 'text')
      return before + this.#frame({ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' })
    return (
      before +
      this.#frame({ type: 'REASONING_START', messageId }) +
      this.#frame({ type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' })
    )
  }

  #endBlock(): string {
    const messageId = this.#blockId
    const block = this.#block
    this.#block = undefined
    if (block === undefined) return ''
    if (block === 'text') return this.#frame({ type: 'TEXT_MESSAGE_END', messageId })
    return (
      this.#frame({ type: 'REASONING_MESSAGE_END', messageId }) +
      this.#frame({ type: 'REASONING_END', messageId })
    )
  }

  #startCall({ id: toolCallId, name: toolCallName }: { readonly id: string; readonly name: string }): string {
    if (this.#started.has(toolCallId)) return ''
    this.#started.add(toolCallId)
    const call = { type: 'TOOL_CALL_START', toolCallId, toolCallName, parentMessageId: this.#messageId }
    return this.#begin() + this.#endBlock() + this.#frame(call)
  }

  #args(toolCallId: string, delta: string): string {
    this.#partial.add(toolCallId)
    return this.#frame({ type: 'TOOL_CALL_ARGS', toolCallId, delta })
  }

  #call(event: Extract<StreamEvent, { readonly type: 'tool-call' | 'server-tool-call' }>): string {
    const { id: toolCallId } = event
    if (this.#ended.has(toolCallId)) return ''
    const started = this.#startCall(event)
    const args = this.#partial.has(toolCallId)
      ? ''
      : this.#args(toolCallId, JSON.stringify(event.arguments ?? {}))
    this.#ended.add(toolCallId)
    return started + args + this.#frame({ type: 'TOOL_CALL_END', toolCallId })
  }

  #result(toolCallId: string, content: string): string {
    return this.#frame({
      type: 'TOOL_CALL_RESULT',
      messageId: `${toolCallId}:result`,
      toolCallId,
      content,
      role: 'tool',
    })
  }

  #custom({ type: name, ...value }: StreamEvent): string {
    return this.#begin() + this.#frame({ type: 'CUSTOM', name, value })
  }

  #child({ agent: name, parentToolCallId, event }: AgentEvent): string {
    const subagentRunId = `${this.#subagentRunId ?? this.id}/${parentToolCallId}`
    let child = this.#children.get(parentToolCallId)
    let frames = ''
    if (child === undefined) {
      child = new AgentFrames({ id: subagentRunId, subagentRunId })
      this.#children.set(parentToolCallId, child)
      const parent = { parentToolCallId, parentSubagentRunId: this.#subagentRunId }
      frames = dataFrame({ type: 'SUBAGENT_STARTED', subagentRunId, name, ...parent })
    }
    frames += child.frames(event)
    if (event.type !== 'finish') return frames
    this.#children.delete(parentToolCallId)
    return frames + dataFrame({ type: 'SUBAGENT_FINISHED', subagentRunId })
  }

  // A subagent that fails has no end of its own: its call has.
  #failedChild({ id, message }: { readonly id: string; readonly message: string }): string {
    const child = this.#children.get(id)
    if (child === undefined) return ''
    this.#children.delete(id)
    const subagentRunId = `${this.#subagentRunId ?? this.id}/${id}`
    return child.end() + dataFrame({ type: 'SUBAGENT_ERROR', subagentRunId, message })
  }
}

function interruptFor({ id, name }: { readonly id: string; readonly name: string }): object {
  return { id, reason: 'tool_approval', toolCallId: id, message: `May ${name} run?` }
}

function textOf(result: unknown): string {
  return typeof result === 'string' ? result : (JSON.stringify(result) ?? '')
}
