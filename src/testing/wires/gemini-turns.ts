import type { ReceivedMessage } from '../request.ts'
import type { Refuse } from './fields.ts'

interface CheckedTurn {
  readonly path: string
  readonly turn: ReceivedMessage
  readonly signed: readonly boolean[]
}

interface TurnRules {
  readonly refuse: Refuse
  /** Whether calls of the current round need their thought signature. */
  readonly signatures: boolean
}

/** Function calls follow a user turn or results, and are answered by as many results in the very next turn. */
export function checkTurns(contents: readonly CheckedTurn[], { refuse, signatures }: TurnRules): void {
  for (const [index, { path, turn }] of contents.entries()) {
    const before = contents[index - 1]?.turn
    const after = contents[index + 1]?.turn
    const calls = turn.toolCalls.length
    if (calls > 0 && (before === undefined || before.role === 'assistant'))
      refuse(path, 'holds function calls, but comes neither after a user turn nor after function responses')
    if (calls > 0 && after !== undefined && after.toolResults.length !== calls)
      refuse(
        path,
        `holds ${calls} function calls, but the next turn has ${after.toolResults.length} responses`,
      )
    if (turn.toolResults.length > 0 && (before?.toolCalls.length ?? 0) === 0)
      refuse(path, 'holds function responses, but no function call comes right before it')
  }
  if (signatures) checkSignatures(contents, refuse)
}

// The current round begins after the newest turn that is the user's own.
function checkSignatures(contents: readonly CheckedTurn[], refuse: Refuse): void {
  const begin = contents.findLastIndex(({ turn }) => turn.role === 'user') + 1
  for (const { path, signed } of contents.slice(begin))
    if (signed[0] === false) refuse(path, 'holds a function call without its thought_signature')
}
