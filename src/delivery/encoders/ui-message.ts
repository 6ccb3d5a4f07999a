import type { LlmError } from '../../core/error.ts'
import type { EventBatch, StartEvent, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import type { JsonObject } from '../../core/json.ts'
import { urlOf } from '../../core/message.ts'
import { checkOptions } from '../../core/options.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import {
  dataFrame,
  DONE_FRAME,
  encoderSchema,
  HEARTBEAT,
  isShutdown,
  lineJson,
  publicError,
  SSE_TYPE,
  type Encoder,
  type EncoderOptions,
  type StreamEnd,
} from '../../protocols/index.ts'

import { toldIds } from './told-ids.ts'

/**
 * Encodes a response as the AI SDK's UI message stream (version 1), which `useChat` of versions 5 to 7 reads: text and
 * reasoning in blocks, tool calls with their results, sources, files, steps. Usage, model and conversation are in the
 * message's metadata. Warnings and continuations are transient `data-` parts. Leaves out choices beyond the first.
 */
export function uiMessageEncoder(options: EncoderOptions): Encoder {
  checkOptions('uiMessageEncoder', encoderSchema, options)
  return new MessageParts(options)
}

const HEADERS = { 'x-vercel-ai-ui-message-stream': 'v1' } as const

type BlockType = 'text' | 'reasoning'

class MessageParts implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly headers: Readonly<Record<string, string>> = HEADERS
  readonly #options: EncoderOptions
  readonly #tools = new Set<string>()
  #started = false
  #inStep = false
  #finishReason: FinishReason = 'other'
  #block: BlockType | undefined
  #blockCount = 0
  #deltaHead = ''
  #sources = 0
  #usage: Usage | undefined
  #model: string | undefined
  /** Signatures and ids of the open reasoning block, which the vendor requires back. */
  #marks: JsonObject | undefined

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let frames = ''
    for (const event of batch)
      if (((event as { choice?: number }).choice ?? 0) === 0) frames += this.#frame(event)
    return frames
  }

  close(ending: StreamEnd): string {
    if (ending.type === 'done') return this.#finish() + DONE_FRAME
    const { error } = ending
    const usage = error.partial?.usage ?? this.#usage
    const metadata =
      usage === undefined ? '' : dataFrame({ type: 'message-metadata', messageMetadata: { usage } })
    return this.#start() + this.#endBlock() + metadata + dataFrame(lastPart(error)) + DONE_FRAME
  }

  #frame(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        this.#model = event.model
        return this.#start(event)
      case 'text-delta':
        return event.text === '' ? '' : this.#delta('text', event.text)
      case 'reasoning-delta':
        return this.#reasoning(event)
      case 'tool-call-start':
        this.#tools.add(event.id)
        return this.#part({ type: 'tool-input-start', toolCallId: event.id, toolName: event.name })
      case 'tool-call-delta':
        // Clients fail on a delta of an unknown call.
        if (event.delta === '' || !this.#tools.has(event.id)) return ''
        return this.#part({ type: 'tool-input-delta', toolCallId: event.id, inputTextDelta: event.delta })
      case 'tool-call':
        return this.#call(event)
      case 'tool-result':
        return this.#outcome(event, 'tool-output-available', { output: event.result })
      case 'tool-error':
        return this.#outcome(event, 'tool-output-error', { errorText: event.message })
      case 'approval-requested':
      case 'tool-progress':
      case 'agent-event':
        return this.#inline(loopPart(event, this.#options.approvals))
      case 'server-tool-call':
      case 'server-tool-result':
        return this.#step(event)
      case 'citation':
        return this.#inline(sourceOf(event, `source-${this.#sources++}`))
      case 'file':
        return this.#part({ type: 'file', url: urlOf(event), mediaType: event.mediaType })
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'warning':
        return this.#inline({ type: 'data-warning', data: event.warning, transient: true })
      case 'continued':
        return this.#inline({ type: 'data-continued', data: { offset: event.offset }, transient: true })
      case 'step':
        return this.#endStep()
      case 'finish':
        this.#usage = event.usage
        this.#finishReason = event.finishReason
        return this.#endStep()
    }
  }

  #start(event?: StartEvent): string {
    if (this.#started) return ''
    this.#started = true
    const { messageId, ...ids } = toldIds(this.#options, event)
    const { id, model = this.#model } = this.#options
    return dataFrame({
      type: 'start',
      messageId: messageId ?? id ?? newId('msg'),
      messageMetadata: { model, ...ids },
    })
  }

  #startStep(): string {
    if (this.#inStep) return ''
    this.#inStep = true
    return `${this.#start()}data: {"type":"start-step"}\n\n`
  }

  #endStep(): string {
    if (!this.#inStep) return ''
    const closing = this.#endBlock()
    this.#inStep = false
    return `${closing}data: {"type":"finish-step"}\n\n`
  }

  #part(part: { readonly type: string; readonly [key: string]: unknown }): string {
    return this.#startStep() + this.#endBlock() + dataFrame(part)
  }

  /** Returns a part that leaves the open block open. */
  #inline(part: { readonly type: string; readonly [key: string]: unknown }): string {
    return this.#startStep() + dataFrame(part)
  }

  #delta(type: BlockType, text: string): string {
    const opened = this.#block === type ? '' : this.#startBlock(type)
    return `${opened}${this.#deltaHead}${lineJson(text)}}\n\n`
  }

  #startBlock(type: BlockType): string {
    const before = this.#startStep() + this.#endBlock()
    this.#block = type
    const id = `${type}-${this.#blockCount++}`
    this.#deltaHead = `data: {"type":"${type}-delta","id":"${id}","delta":`
    return `${before}data: {"type":"${type}-start","id":"${id}"}\n\n`
  }

  #endBlock(): string {
    const type = this.#block
    if (type === undefined) return ''
    this.#block = undefined
    const providerMetadata = this.#marks === undefined ? undefined : { switchyard: this.#marks }
    this.#marks = undefined
    return dataFrame({ type: `${type}-end`, id: `${type}-${this.#blockCount - 1}`, providerMetadata })
  }

  #reasoning(event: Extract<StreamEvent, { type: 'reasoning-delta' }>): string {
    const { text, signature, encrypted, id, details } = event
    let frames = ''
    // Another id means another reasoning block.
    if (this.#block === 'reasoning' && id !== undefined && (this.#marks?.['id'] ?? id) !== id)
      frames += this.#endBlock()
    const marks = Object.entries({ signature, encrypted, id, details }).filter(isGiven)
    if (text !== '') frames += this.#delta('reasoning', text)
    else if (this.#block !== 'reasoning' && marks.length > 0) frames += this.#startBlock('reasoning')
    if (marks.length > 0) this.#marks = { ...this.#marks, ...Object.fromEntries(marks) }
    return frames
  }

  #call(event: Extract<StreamEvent, { type: 'tool-call' }>): string {
    const { id: toolCallId, name: toolName, arguments: input, invalid } = event
    this.#tools.add(toolCallId)
    const call = { toolCallId, toolName, input }
    return invalid === undefined
      ? this.#part({ type: 'tool-input-available', ...call })
      : this.#part({ type: 'tool-input-error', ...call, errorText: invalid })
  }

  #outcome(call: { id: string; name: string }, type: string, outcome: object): string {
    const part = { type, toolCallId: call.id, ...outcome }
    // The call is in an earlier step of the reader's message.
    if (this.#options.continues === true && !this.#tools.has(call.id)) return this.#start() + dataFrame(part)
    return this.#announceTool(call) + this.#part(part)
  }

  // Clients fail on the result of an unknown call.
  #announceTool({ id, name }: { id: string; name: string }, more?: object): string {
    if (this.#tools.has(id)) return ''
    this.#tools.add(id)
    const call = { toolCallId: id, toolName: name, input: {}, ...more }
    return this.#part({ type: 'tool-input-available', ...call })
  }

  #step(event: Extract<StreamEvent, { type: 'server-tool-call' | 'server-tool-result' }>): string {
    const own = { providerExecuted: true }
    if (event.type === 'server-tool-call')
      return this.#announceTool(event, { input: event.arguments, ...own })
    const output = { toolCallId: event.id, output: event.result, ...own }
    return this.#announceTool(event, own) + this.#part({ type: 'tool-output-available', ...output })
  }

  #finish(): string {
    const finishReason = this.#finishReason
    const usage = this.#usage
    const messageMetadata = usage === undefined ? undefined : { usage }
    return this.#start() + this.#endStep() + dataFrame({ type: 'finish', finishReason, messageMetadata })
  }
}

function isGiven([, value]: readonly [string, unknown]): boolean {
  return value !== undefined
}

function sourceOf(
  { url, title, text }: Extract<StreamEvent, { type: 'citation' }>,
  sourceId: string,
): { type: string; [key: string]: unknown } {
  if (url !== undefined) return { type: 'source-url', sourceId, url, title }
  return { type: 'source-document', sourceId, mediaType: 'text/plain', title: title ?? text ?? '' }
}

type LoopEvent = Extract<
  StreamEvent,
  { readonly type: 'tool-progress' | 'approval-requested' | 'agent-event' }
>

// A request for a decision stays in the message; what tools tell on their way does not.
function loopPart(
  event: LoopEvent,
  approvals: boolean | undefined,
): { readonly type: string; readonly [key: string]: unknown } {
  const { type, ...data } = event
  if (event.type === 'approval-requested' && approvals === true) return approvalPart(event.id)
  if (event.type === 'approval-requested') return { type: `data-${type}`, id: event.id, data }
  return { type: `data-${type}`, data, transient: true }
}

// A page knows the request by its call, which waits for one decision only.
function approvalPart(id: string): { readonly type: string; readonly [key: string]: unknown } {
  return { type: 'tool-approval-request', approvalId: id, toolCallId: id }
}

function lastPart(error: LlmError): { readonly type: string; readonly errorText?: string } {
  if (error.kind === 'aborted' && !isShutdown(error)) return { type: 'abort' }
  return { type: 'error', errorText: publicError(error).message }
}
