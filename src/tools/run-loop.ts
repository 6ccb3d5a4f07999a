import type { LlmError } from '../core/error.ts'
import type { EventBatch, FinishEvent, StreamEvent } from '../core/event.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import { EventChannel } from './event-channel.ts'
import { StepEvents } from './step-events.ts'
import type { DecidedCall } from './tool-runner.ts'

/** A streamed model call, as a loop reads it. */
export interface ModelStream {
  batches(): AsyncIterable<EventBatch>
  readonly response: Promise<ChatResponse>
}

/** What a loop runs: where its model calls go, and what is done with each step. */
export interface LoopRun<Result> {
  readonly isStream: boolean
  /** Usage of the completed steps. */
  readonly usage: Usage
  /** Number of the completed steps, also of those before an interruption. */
  readonly stepCount: number
  /** The response of a step that was interrupted, whose calls come before the next model call. */
  readonly open?: ChatResponse | undefined
  /** Events about calls that the run ends with, because they wait. */
  readonly waiting?: readonly StreamEvent[] | undefined
  /** Makes the next model call. */
  ask(): Promise<ChatResponse | ModelStream>
  /** Decides about the calls of a response. Resolves to `undefined` if the response ends the run. */
  decide(response: ChatResponse): Promise<readonly DecidedCall[] | undefined>
  /** Runs the decided calls and calls `tell` with the events of each. Resolves to whether every call has its outcome. */
  runTools(calls: readonly DecidedCall[], tell: (event: StreamEvent) => void): Promise<boolean>
  /** Keeps a step whose calls all have their outcomes. Resolves to whether the run goes on. */
  keepStep(response: ChatResponse): Promise<boolean>
  /** Ends the run with its last response. */
  finish(response: ChatResponse): Promise<{ readonly result: Result; readonly usage: Usage }>
  /** Ends the run with an error. Resolves to the error that callers get. */
  fail(error: unknown): Promise<LlmError>
  /** Gives back what the run still holds. Called once, after everything else. */
  leave(): Promise<void>
}

/**
 * The tool loop: calls the model, runs the tools that it asks for, and calls it again, until a response ends the run. Yields
 * the events of a streamed run in batches: one `start`, parts, tools, a `step` for each step and one `finish` with the usage
 * of all. Returns the result. A consumer that stops early ends the run.
 */
export async function* runLoop<Result>(run: LoopRun<Result>): AsyncGenerator<EventBatch, Result, undefined> {
  try {
    let isStarted = false
    for (let open = run.open; ; open = undefined) {
      const ended = open === undefined ? yield* askModel(run, isStarted) : yield* reopened(run, open)
      isStarted = true
      const { response } = ended
      const index = run.stepCount
      const calls = await run.decide(response)
      const isAnswered = calls !== undefined && (yield* runCalls(run, calls))
      const goesOn = isAnswered && (await run.keepStep(response))
      if (isAnswered && run.isStream) yield [stepOf(response, index)]
      if (goesOn) continue
      if (run.isStream && run.waiting !== undefined && run.waiting.length > 0) yield run.waiting
      const { result, usage } = await run.finish(response)
      // After everything is kept: a run whose end cannot be kept ends by its error alone.
      if (run.isStream) yield [{ ...(ended.finish ?? finishOf(response)), usage }]
      return result
    }
  } catch (error) {
    throw await run.fail(error)
  } finally {
    await run.leave()
  }
}

/** One model call of a run that has ended. */
interface EndedCall {
  readonly response: ChatResponse
  /** The event that ended its stream. */
  readonly finish?: FinishEvent | undefined
}

async function* askModel(
  run: LoopRun<unknown>,
  isStarted: boolean,
): AsyncGenerator<EventBatch, EndedCall, undefined> {
  const events = new StepEvents(run.stepCount === 0 ? undefined : run.usage, isStarted)
  const answer = await run.ask()
  if (!isModelStream(answer)) return { response: answer }
  for await (const batch of answer.batches()) {
    const told = events.take(batch)
    if (told.length > 0) yield told
  }
  return { response: await answer.response, finish: events.finish }
}

function isModelStream(answer: ChatResponse | ModelStream): answer is ModelStream {
  return 'batches' in answer
}

// A stream that goes on with an open step begins like every stream.
async function* reopened(
  { isStream }: LoopRun<unknown>,
  response: ChatResponse,
): AsyncGenerator<EventBatch, EndedCall, undefined> {
  const { provider, model } = response
  if (isStream) yield [{ type: 'start', provider, model }]
  return { response }
}

// Yields what the tools tell as it comes.
async function* runCalls(
  run: LoopRun<unknown>,
  calls: readonly DecidedCall[],
): AsyncGenerator<EventBatch, boolean, undefined> {
  if (!run.isStream) return run.runTools(calls, () => undefined)
  const channel = new EventChannel()
  const work = run.runTools(calls, (event) => channel.push(event)).finally(() => channel.end())
  // The failure is thrown below, after the events before it.
  work.catch(() => undefined)
  for (let batch = await channel.take(); batch !== undefined; batch = await channel.take()) yield batch
  return work
}

function stepOf({ finishReason, usage }: ChatResponse, index: number): StreamEvent {
  return { type: 'step', index, finishReason, usage }
}

function finishOf({ finishReason, rawFinishReason, usage }: ChatResponse): FinishEvent {
  return { type: 'finish', finishReason, rawFinishReason, usage }
}
