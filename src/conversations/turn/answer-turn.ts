import type { EventBatch, StreamEvent } from '../../core/event.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { ServiceContext } from '../contract/service-context.ts'
import type { TurnResult } from '../contract/requests.ts'
import { runCalls } from './tool-rounds.ts'
import type { TurnWriter } from './turn-writer.ts'

/**
 * Answers a turn: calls, runs tools, calls again, and keeps what comes. Gives the events of a streamed turn, batch by batch;
 * ends with the result when the answer is kept. Whoever leaves early ends the call, and what there was is kept.
 */
export async function* answerTurn(
  desk: ServiceContext,
  turn: TurnWriter,
): AsyncGenerator<EventBatch, TurnResult, undefined> {
  try {
    for (;;) {
      const answer = turn.stream ? yield* streamed(desk, turn) : await whole(desk, turn)
      const calls = turn.runnable(answer)
      if (calls === undefined) return await turn.finish(answer)
      const outcomes = await runCalls(calls, turn.settings)
      const index = turn.rounds
      await turn.keepRound(answer, outcomes)
      if (turn.stream) yield [...outcomes.map(({ event }) => event), stepOf(answer, index)]
    }
  } catch (error) {
    throw await turn.fail(error)
  } finally {
    await turn.leave()
  }
}

function whole({ options }: ServiceContext, turn: TurnWriter): Promise<ChatResponse> {
  return options.orchestrator.chatApiCall({ ...turn.call(), stream: false })
}

async function* streamed(
  { options }: ServiceContext,
  turn: TurnWriter,
): AsyncGenerator<EventBatch, ChatResponse, undefined> {
  const stream = await options.orchestrator.chatApiCall({ ...turn.call(), stream: true })
  for await (const batch of stream.batches()) yield batch
  return stream.response
}

function stepOf({ finishReason, usage }: ChatResponse, index: number): StreamEvent {
  return { type: 'step', index, finishReason, usage }
}
