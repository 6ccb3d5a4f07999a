import type { JsonObject } from '../../core/json.ts'
import { misuse, type FakeAnswer, type AnswerCall, type AnswerReasoning } from '../fake-answer.ts'
import type { FakeRequest } from '../request.ts'
import type { FakeFrame } from './frame.ts'

/** An event of a stream, without its sequence number. */
export interface WireEvent extends JsonObject {
  readonly type: string
}

/** An output item: the opening and the events of a stream, and the final form. */
export interface OutputItem {
  readonly opening: JsonObject
  readonly events: readonly (readonly [FakeFrame['place'], WireEvent])[]
  readonly final: JsonObject
}

/** Returns the items of an answer: reasoning, images, message, calls. */
export function itemsOf(answer: FakeAnswer, { body }: FakeRequest): OutputItem[] {
  const asked = Array.isArray(body['include']) ? body['include'] : []
  const { reasoning, text, toolCalls } = answer
  const seal = asked.includes('reasoning.encrypted_content')
  const probable = asked.includes('message.output_text.logprobs')
  const hasText = text.whole !== '' || text.parts.length > 0
  const others = toolCalls.length + answer.files.length + (reasoning === undefined ? 0 : 1)
  return [
    ...(reasoning === undefined ? [] : [reasoningItem(answer.id, reasoning, seal)]),
    ...answer.files.map((file, index) => imageItem(answer.id, file, index)),
    // An answer of nothing is an empty message, because the vendor never completes a response without items.
    ...(hasText || others === 0 ? [messageItem(answer, probable)] : []),
    ...toolCalls.map((call, index) => callItem(answer.id, call, index)),
  ]
}

function reasoningItem(
  id: string,
  { whole, parts, encrypted, signature }: AnswerReasoning,
  seal: boolean,
): OutputItem {
  const item = { type: 'reasoning', id: `rs_${id}` }
  const part = { type: 'summary_text', text: whole }
  const at = { summary_index: 0 }
  return {
    opening: { ...item, summary: [] },
    events:
      whole === ''
        ? []
        : [
            ['seam', { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } }],
            ...parts.map((delta): [FakeFrame['place'], WireEvent] => [
              'content',
              { type: 'response.reasoning_summary_text.delta', ...at, delta },
            ]),
            ['seam', { type: 'response.reasoning_summary_text.done', ...at, text: whole }],
            ['seam', { type: 'response.reasoning_summary_part.done', ...at, part }],
          ],
    final: {
      ...item,
      summary: whole === '' ? [] : [part],
      ...(seal ? { encrypted_content: encrypted ?? signature } : undefined),
    },
  }
}

function messageItem(answer: FakeAnswer, probable: boolean): OutputItem {
  const { whole, parts } = answer.text
  const item = { type: 'message', id: `msg_${answer.id}`, role: 'assistant' }
  const at = { content_index: 0 }
  const logprobsOf = (tokens: readonly string[]): JsonObject[] => (probable ? tokens.map(logprobOf) : [])
  const empty = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const annotations = annotationsOf(answer)
  const part = { ...empty, text: whole, annotations, logprobs: logprobsOf(parts) }
  return {
    opening: { ...item, status: 'in_progress', content: [] },
    events: [
      ['seam', { type: 'response.content_part.added', ...at, part: empty }],
      ...parts.map((delta): [FakeFrame['place'], WireEvent] => [
        'content',
        { type: 'response.output_text.delta', ...at, delta, logprobs: logprobsOf([delta]) },
      ]),
      ...annotations.map((annotation, index): [FakeFrame['place'], WireEvent] => [
        'seam',
        { type: 'response.output_text.annotation.added', ...at, annotation_index: index, annotation },
      ]),
      ['seam', { type: 'response.output_text.done', ...at, text: whole, logprobs: part.logprobs }],
      ['seam', { type: 'response.content_part.done', ...at, part }],
    ],
    final: { ...item, status: 'completed', content: [part] },
  }
}

function logprobOf(token: string): JsonObject {
  return { token, logprob: -0.1, bytes: [...new TextEncoder().encode(token)], top_logprobs: [] }
}

function annotationsOf({ citations }: FakeAnswer): JsonObject[] {
  return citations.map(({ url, title, start, end }) => ({
    type: 'url_citation',
    url: url ?? '',
    title: title ?? '',
    start_index: start ?? 0,
    end_index: end ?? 0,
  }))
}

function imageItem(id: string, { mediaType, data }: FakeAnswer['files'][number], index: number): OutputItem {
  if (!mediaType.startsWith('image/') || data === undefined)
    return misuse('the openai-responses format makes images only: a file needs `data` and an image type')
  const item = { type: 'image_generation_call', id: `ig_${id}_${index}` }
  const format = mediaType.slice('image/'.length).replace('svg+xml', 'svg')
  return {
    opening: { ...item, status: 'in_progress', result: null },
    events: [['content', { type: 'response.image_generation_call.completed' }]],
    final: { ...item, status: 'completed', result: data, output_format: format },
  }
}

function callItem(id: string, call: AnswerCall, index: number): OutputItem {
  const item = {
    type: 'function_call',
    id: `fc_${id}_${index}`,
    call_id: call.id ?? `call_${id}_${index}`,
    name: call.name,
  }
  const { whole, parts } = call.text
  return {
    opening: { ...item, arguments: '', status: 'in_progress' },
    events: [
      ...parts.map((delta): [FakeFrame['place'], WireEvent] => [
        'content',
        { type: 'response.function_call_arguments.delta', delta },
      ]),
      ['seam', { type: 'response.function_call_arguments.done', arguments: whole }],
    ],
    final: { ...item, arguments: whole, status: 'completed' },
  }
}
