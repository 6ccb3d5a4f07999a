import { sumCosts, sumUsage } from '../core/add-usage.ts'
import type { Message, ToolCall } from '../core/message.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import { askAgain } from './repair-answer.ts'
import type { RunRecord } from './run-records.ts'
import type { RunStep, ToolResult } from './run-types.ts'
import type { AgentUsage, ToolOutcome } from './tool-outcome.ts'

/** One model response of a run, with what is known about its calls. */
export interface HistoryStep {
  readonly index: number
  readonly response: ChatResponse
  readonly outcomes: ReadonlyMap<string, ToolOutcome>
  /** Ids of the calls that a person has approved. */
  readonly approved: ReadonlySet<string>
  /** Why the model is asked again; absent if its answer was not refused. */
  readonly refused?: string | undefined
}

interface OpenStep extends HistoryStep {
  readonly outcomes: Map<string, ToolOutcome>
  readonly approved: Set<string>
  refused?: string | undefined
}

/** A run as its records tell it. */
export class RunHistory {
  readonly #costOf: (response: ChatResponse) => number | null
  readonly #steps: OpenStep[] = []
  /** Usage of model calls that began and were interrupted, estimated. */
  readonly #interrupted: Usage[] = []
  #asked: Usage | undefined
  fingerprint: string | undefined
  /** Whether the run has answered. */
  isEnded = false

  constructor(records: readonly RunRecord[], costOf: (response: ChatResponse) => number | null) {
    this.#costOf = costOf
    for (const record of records) this.add(record)
  }

  /** Adds a record to the history. */
  add(record: RunRecord): void {
    switch (record.type) {
      case 'begin':
        this.fingerprint = record.fingerprint
        return
      case 'claim':
        if (this.#asked !== undefined) this.#interrupted.push(this.#asked)
        this.#asked = undefined
        return
      case 'ask':
        this.#asked = record.usage
        return
      case 'model': {
        this.#asked = undefined
        const { step: index, response } = record
        this.#steps.push({ index, response, outcomes: new Map(), approved: new Set() })
        return
      }
      case 'decision':
        if (record.approved) this.#steps[record.step]?.approved.add(record.toolCallId)
        return
      case 'tool':
        this.#steps[record.step]?.outcomes.set(record.toolCallId, record.outcome)
        return
      case 'repair': {
        const step = this.#steps[record.step]
        if (step !== undefined) step.refused = record.reason
        return
      }
      case 'end':
        this.isEnded = true
    }
  }

  /** The last response, if the run has one. */
  get last(): HistoryStep | undefined {
    return this.#steps.at(-1)
  }

  /** The steps whose calls all have their outcomes. */
  get completed(): readonly HistoryStep[] {
    return this.#steps.filter(isComplete)
  }

  /** The last response, if some of its calls have no outcome yet, or the run has not answered with it. */
  get open(): ChatResponse | undefined {
    const { last } = this
    return last === undefined || this.isEnded || isComplete(last) ? undefined : last.response
  }

  /** Usage of all model calls, those that were interrupted too. */
  get usage(): Usage {
    const inner = this.agents.map(({ usage }) => usage)
    return sumUsage([...this.#interrupted, ...this.#steps.map(({ response }) => response.usage), ...inner])
  }

  /** Cost of all model calls in US dollars; `null` if one is unknown. */
  get costUsd(): number | null {
    const unknown = this.#interrupted.map(() => null)
    const inner = this.agents.map(({ costUsd }) => costUsd)
    return sumCosts([...unknown, ...this.#steps.map(({ response }) => this.#costOf(response)), ...inner])
  }

  /** What agents that tools delegated to have used, oldest first. */
  get agents(): readonly AgentUsage[] {
    return this.#steps.flatMap(({ outcomes }) => [...outcomes.values()].flatMap(({ spent = [] }) => spent))
  }

  /** How often the model was asked again because its answer did not fit. */
  get repairs(): number {
    return this.#steps.filter(({ refused }) => refused !== undefined).length
  }

  /** All responses, oldest first. */
  get responses(): readonly ChatResponse[] {
    return this.#steps.map(({ response }) => response)
  }

  /** What the run added to the conversation so far. */
  get messages(): readonly Message[] {
    return this.#steps.flatMap((step) => [step.response.message, ...resultMessages(step)])
  }

  /** The completed steps as the application sees them. */
  get steps(): readonly RunStep[] {
    return this.completed.map((step) => ({
      index: step.index,
      response: step.response,
      results: outcomesOf(step).map((outcome) => resultOf(outcome)),
      costUsd: this.#costOf(step.response),
    }))
  }
}

// A response without calls has no step of tools.
function isComplete({ response, outcomes, refused }: HistoryStep): boolean {
  const { toolCalls } = response
  if (refused !== undefined) return true
  return toolCalls.length > 0 && toolCalls.every(({ id }) => outcomes.has(id))
}

function outcomesOf({ response, outcomes }: HistoryStep): readonly ToolOutcome[] {
  return response.toolCalls.flatMap(({ id }: ToolCall) => outcomes.get(id) ?? [])
}

function resultMessages(step: HistoryStep): readonly Message[] {
  if (step.refused !== undefined)
    return [{ role: 'user', content: [{ type: 'text', text: askAgain(step.refused) }] }]
  return outcomesOf(step).map(({ message }) => message)
}

function resultOf({ message: { toolCallId }, event }: ToolOutcome): ToolResult {
  const { name } = event
  if (event.type === 'tool-result') return { toolCallId, name, success: true, data: event.result }
  return { toolCallId, name, success: false, error: { code: 'tool-error', message: event.message } }
}
