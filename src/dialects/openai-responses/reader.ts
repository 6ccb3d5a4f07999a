import type { Fragment, Reader } from '../../core/dialect.ts'
import { isObject, listOf, numberOf, objectOf, textOf, type JsonObject } from '../../core/json.ts'
import { noteTransformed } from '../transformations.ts'
import { OutputItem, type AnswerState } from './item.ts'
import { readUsage } from './usage.ts'
import { holdsError, laterFault } from '../later-fault.ts'
const readFault = laterFault(() => import('./fault.ts').then((loaded) => loaded.readFault))
const noAnswer = laterFault(() => import('../fault.ts').then((loaded) => loaded.noAnswer))

type Wire = Readonly<Record<string, unknown>>

/** Creates a reader for one stream of events. */
export function createReader(): Reader {
  const answer = new AnswerReader()
  return {
    read: (json, event, out) => {
      if (isObject(json)) answer.read(json, textOf(json['type']) ?? event, out)
    },
  }
}

/** Adds the fragments of a whole reply to `out`. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (isFault(reply)) out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
  else if (!Array.isArray(reply['output']))
    out.push({ type: 'fault', fault: () => noAnswer(undefined, reply) })
  else {
    const answer = new AnswerReader()
    answer.begin(reply, out)
    answer.finish(reply, out)
  }
}

// An error instead of a response, a failed response, or a flat error.
function isFault(reply: Wire): boolean {
  const { error, status, output } = reply
  if (holdsError(error) || status === 'failed') return true
  return output === undefined && (reply['detail'] !== undefined || textOf(reply['message']) !== undefined)
}

/** Assembles one answer from its events. */
class AnswerReader {
  readonly #items = new Map<number | string, OutputItem>()
  readonly #customTools = new Set<string>()
  readonly #state: AnswerState = { length: 0, messages: 0, customTools: this.#customTools }

  read(json: Wire, type: string | undefined, out: Fragment[]): void {
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
        return this.begin(objectOf(json['response']), out)
      case 'response.output_item.added':
        return this.#itemOf(json).open(objectOf(json['item']), out)
      case 'response.output_item.done':
        return this.#itemOf(json).finish(objectOf(json['item']), out)
      case 'response.completed':
      case 'response.incomplete':
      case 'response.done':
        return this.#end(objectOf(json['response']), out)
      case 'response.failed':
        out.push({ type: 'fault', fault: () => readFault(undefined, json['response']) })
        return
      case 'error':
      case undefined:
        if (type === 'error' || isFault(json))
          out.push({ type: 'fault', fault: () => readFault(undefined, json) })
        return
      default:
        this.#readPiece(json, type, out)
    }
  }

  /** Reads id, model and the tools with free-text input. */
  begin(response: Wire, out: Fragment[]): void {
    out.push({ type: 'meta', id: textOf(response['id']), model: textOf(response['model']) })
    for (const tool of listOf(response['tools'])) {
      const { type, name } = objectOf(tool)
      if (type === 'custom' && typeof name === 'string') this.#customTools.add(name)
    }
  }

  /** Reads the final response: items without events, usage and the finish reason. */
  finish(response: Wire, out: Fragment[]): void {
    const known = [...this.#items.values()]
    for (const [index, item] of listOf(response['output']).entries())
      this.#addMissing(objectOf(item), index, known, out)
    noteTransformed(response['input_transformations'], out)
    const usage = readUsage(response['usage'])
    if (usage !== undefined) out.push({ type: 'usage', usage })
    const why = textOf(objectOf(response['incomplete_details'])['reason'])
    const status = textOf(response['status']) ?? 'completed'
    // Complete without a single item is no answer.
    const isAnswer = this.#items.size > 0 || status !== 'completed'
    out.push({ type: 'finish', reason: why ?? (isAnswer ? status : undefined) })
    out.push({ type: 'end' })
  }

  #end(response: Wire, out: Fragment[]): void {
    if (isFault(response)) out.push({ type: 'fault', fault: () => readFault(undefined, response) })
    else {
      this.begin(response, out)
      this.finish(response, out)
    }
  }

  #readPiece(json: Wire, type: string, out: Fragment[]): void {
    const { delta } = json
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        if (typeof delta === 'string') this.#itemOf(json).addText(delta, json['logprobs'], out)
        return
      case 'response.output_text.done':
      case 'response.refusal.done':
        return this.#itemOf(json).setText(textOf(json['text']) ?? textOf(json['refusal']) ?? '', out)
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_summary.delta':
        if (typeof delta === 'string') this.#itemOf(json).addReasoning(delta, 'summary', out)
        return
      case 'response.reasoning_text.delta':
      case 'response.reasoning.delta':
        if (typeof delta === 'string') this.#itemOf(json).addReasoning(delta, 'content', out)
        return
      case 'response.function_call_arguments.delta':
        if (typeof delta === 'string') this.#itemOf(json).addArguments(delta, out)
        return
      case 'response.function_call_arguments.done':
        if (typeof json['arguments'] === 'string') this.#itemOf(json).setArguments(json['arguments'], out)
        return
      case 'response.output_text.annotation.added':
        this.#itemOf(json).addCitation(json['annotation'], out)
    }
  }

  // By index before id, because some servers change an item's id with every event.
  #itemOf(json: Wire): OutputItem {
    const index = numberOf(json['output_index'])
    const id = textOf(json['item_id']) ?? textOf(objectOf(json['item'])['id'])
    const known =
      index === undefined ? [...this.#items.values()].find((item) => item.id === id) : this.#items.get(index)
    if (known !== undefined) return known
    const item = this.#add(index ?? id ?? this.#items.size)
    item.id = id
    return item
  }

  #add(key: number | string): OutputItem {
    const item = new OutputItem(key, this.#state)
    this.#items.set(key, item)
    return item
  }

  // The final response repeats the events. An item is added only if no event can have delivered it.
  #addMissing(item: Wire, index: number, items: readonly OutputItem[], out: Fragment[]): void {
    const known = findItem(items, item, index)
    if (known !== undefined) {
      if (!known.done) known.finish(item, out)
      return
    }
    const isMissing = item['type'] === 'function_call' || !items.some(({ type }) => type === item['type'])
    if (isMissing) this.#add(`final ${index}`).finish(item, out)
  }
}

function findItem(items: readonly OutputItem[], item: Wire, index: number): OutputItem | undefined {
  const callId = textOf(item['call_id'])
  const id = textOf(item['id'])
  return (
    items.find((known) => callId !== undefined && known.callId === callId) ??
    items.find((known) => id !== undefined && known.id === id) ??
    items.find((known) => known.key === index && known.type === item['type'])
  )
}
