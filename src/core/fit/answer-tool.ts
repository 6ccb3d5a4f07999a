import type { StreamEvent, TextDelta } from '../event.ts'
import type { FinishReason } from '../response.ts'
import type { ResolvedFormat, ResolvedSettings } from '../resolved-settings.ts'
import { isSent, type AdaptTarget } from './answer-strategy.ts'

const DESCRIPTION = 'Gives the answer. Call it once, with the whole answer.'

/** Settings in which a tool takes the answer. */
export interface AnswerToolSettings {
  readonly settings: ResolvedSettings
  readonly name: string
  /** Whether the model has to call a tool. */
  readonly isForced: boolean
}

/** Adds the tool whose arguments are the answer, in place of the response format. */
export function withAnswerTool(
  { responseFormat: _format, ...settings }: ResolvedSettings,
  { schema = {}, name: given = 'answer', description = DESCRIPTION, strict }: ResolvedFormat,
  { params, quirks = {} }: AdaptTarget,
): AnswerToolSettings {
  const { tools = [], serverTools = [], reasoning } = settings
  const taken = new Set([
    ...tools.map(({ name }) => name),
    ...serverTools.map((tool) => ('type' in tool ? tool.type : '')),
  ])
  let name = given
  while (taken.has(name)) name = `final_${name}`
  const forced = quirks['forcedToolChoice']
  const isForced =
    isSent(params.toolChoice) && forced !== false && (forced !== 'unthinking' || reasoning === undefined)
  const toolChoice = choiceWith(name, settings, isForced)
  return {
    name,
    isForced,
    settings: {
      ...settings,
      tools: [...tools, { name, description, parameters: schema, strict }],
      toolChoice,
    },
  }
}

// The model calls a tool of the request or gives the answer, and may not write anything else if it can be forced.
function choiceWith(
  name: string,
  { toolChoice: asked = 'auto', tools, serverTools }: ResolvedSettings,
  isForced: boolean,
): ResolvedSettings['toolChoice'] {
  const isAlone = (tools ?? serverTools) === undefined
  if (typeof asked === 'object') {
    if ('name' in asked) return asked
    return { names: [...asked.names, name], mode: isForced ? 'required' : (asked.mode ?? 'required') }
  }
  if (!isForced) return asked === 'none' ? undefined : asked === 'auto' ? undefined : asked
  return isAlone || asked === 'none' ? { name } : 'required'
}

/** Turns calls of the answer's tool into text, so that the answer reads as if the model had written it. */
export class AnswerEvents {
  readonly #name: string
  readonly #ids: Set<string>
  /** Calls whose text is in a fence. */
  readonly #fenced: Set<string>
  /** The choices that have text, an answer, or other calls. */
  readonly #choices: {
    readonly texts: Set<number>
    readonly answers: Set<number>
    readonly calls: Set<number>
  }

  constructor(name: string, from?: AnswerEvents) {
    this.#name = name
    this.#ids = new Set(from === undefined ? [] : from.#ids)
    this.#fenced = new Set(from === undefined ? [] : from.#fenced)
    const { texts, answers, calls } = from === undefined ? {} : from.#choices
    this.#choices = { texts: new Set(texts), answers: new Set(answers), calls: new Set(calls) }
  }

  /** Converts a batch without counting it, for a look ahead. */
  peek(batch: readonly StreamEvent[]): StreamEvent[] {
    return new AnswerEvents(this.#name, this).convert(batch)
  }

  convert(batch: readonly StreamEvent[]): StreamEvent[] {
    return batch.flatMap((event) => this.#convert(event))
  }

  #convert(event: StreamEvent): readonly StreamEvent[] {
    const { texts, answers, calls } = this.#choices
    const choice = 'choice' in event ? (event.choice ?? 0) : 0
    const mark = 'choice' in event && event.choice !== undefined ? { choice: event.choice } : undefined
    const text = (added: string): TextDelta => ({ type: 'text-delta', text: added, ...mark })
    switch (event.type) {
      case 'text-delta':
        if (event.text !== '') texts.add(choice)
        return [event]
      case 'tool-call-start': {
        if (event.name !== this.#name) calls.add(choice)
        if (event.name !== this.#name) return [event]
        this.#ids.add(event.id)
        const isApart = texts.has(choice) || answers.has(choice)
        answers.add(choice)
        // What the model has said before its answer is not part of it.
        if (!isApart) return []
        this.#fenced.add(event.id)
        return [text('\n\n```json\n')]
      }
      case 'tool-call-delta':
        return this.#ids.has(event.id) ? [text(event.delta)] : [event]
      case 'tool-call': {
        if (!this.#ids.has(event.id)) return [event]
        const { signature } = event
        const end = text(this.#fenced.has(event.id) ? '\n```' : '')
        return signature === undefined && end.text === '' ? [] : [{ ...end, signature }]
      }
      case 'finish':
        return [this.#finish(event)]
      default:
        return [event]
    }
  }

  #finish(event: Extract<StreamEvent, { readonly type: 'finish' }>): StreamEvent {
    const { choices } = event
    const finishReason = this.#reasonOf(event.finishReason, 0)
    if (choices === undefined) return { ...event, finishReason }
    return {
      ...event,
      finishReason,
      choices: choices.map((each, at) => ({ ...each, finishReason: this.#reasonOf(each.finishReason, at) })),
    }
  }

  // An answer without other calls is the end of the turn.
  #reasonOf(reason: FinishReason, choice: number): FinishReason {
    const { answers, calls } = this.#choices
    return reason === 'tool-calls' && answers.has(choice) && !calls.has(choice) ? 'stop' : reason
  }
}
