import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { AnswerCall } from '../fake-answer.ts'
import type { ToolDeltas } from '../reply.ts'

type Call = AnswerCall & { readonly id: string }

/** A part of a call: one entry of `tool_calls` in a delta. */
interface Piece {
  readonly index?: number
  readonly id?: string
  readonly type?: 'function'
  readonly function?: { readonly name?: string; readonly arguments?: JsonValue }
}

/** Returns the deltas of tool calls: one list of entries per event. */
export function toolDeltas(calls: readonly Call[], shape: ToolDeltas): JsonObject[][] {
  const perCall = calls.map((call, index) => piecesOf(call, index, shape))
  const events =
    shape === 'glued' ? glue(perCall) : perCall.flatMap((pieces) => pieces.map((piece) => [piece]))
  return events.map((pieces) => pieces.map((piece) => ({ ...piece })))
}

function piecesOf(call: Call, index: number, shape: ToolDeltas): Piece[] {
  const { id, name } = call
  const type = 'function'
  const usual: Piece[] = [
    { index, id, type, function: { name, arguments: '' } },
    ...call.text.parts.map((part) => ({ index, function: { arguments: part } })),
  ]
  switch (shape) {
    case 'usual':
    case 'glued':
      return usual
    case 'whole':
      return [{ index, id, type, function: { name, arguments: call.text.whole } }]
    case 'object':
      return [{ index, id, type, function: { name, arguments: call.arguments } }]
    case 'no-index':
      return usual.map(({ index: _index, ...piece }) => piece)
    case 'same-index':
      return usual.map((piece) => ({ ...piece, index: 0 }))
    case 'no-id':
      return usual.map(({ id: _id, ...piece }) => piece)
    case 'late-id':
      return usual.map(({ id: _id, ...piece }, at) => (at === usual.length - 1 ? { ...piece, id } : piece))
    case 'late-name':
      return [
        { index, id, type, function: { arguments: '' } },
        { index, function: { name } },
        ...usual.slice(1),
      ]
    case 'repeated':
      return usual.map((piece) => ({ ...piece, id, type, function: { ...piece.function, name } }))
  }
}

// The last part of a call and the first part of the next are in one delta.
function glue(perCall: readonly Piece[][]): Piece[][] {
  const events: Piece[][] = []
  for (const pieces of perCall) {
    const [first, ...rest] = pieces
    const open = events.at(-1)
    if (first !== undefined && open !== undefined) open.push(first)
    else if (first !== undefined) events.push([first])
    for (const piece of rest) events.push([piece])
  }
  return events
}
