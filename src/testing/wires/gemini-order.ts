import type { ReceivedMessage } from '../request.ts'
import type { Reject } from './strict-reader.ts'

interface CheckedContent {
  readonly path: string
  readonly message: ReceivedMessage
  readonly signed: readonly boolean[]
}

interface OrderRules {
  readonly reject: Reject
  /** Whether function calls since the last user message need their thought signature. */
  readonly signatures: boolean
}

/** Checks that function calls follow a user message or results, and that the next content has as many results. */
export function checkOrder(contents: readonly CheckedContent[], { reject, signatures }: OrderRules): void {
  for (const [index, { path, message }] of contents.entries()) {
    const before = contents[index - 1]?.message
    const after = contents[index + 1]?.message
    const calls = message.toolCalls.length
    if (calls > 0 && (before === undefined || before.role === 'assistant'))
      reject(path, 'holds function calls, but comes neither after a user turn nor after function responses')
    if (calls > 0 && after !== undefined && after.toolResults.length !== calls)
      reject(
        path,
        `holds ${calls} function calls, but the next turn has ${after.toolResults.length} responses`,
      )
    if (message.toolResults.length > 0 && (before?.toolCalls.length ?? 0) === 0)
      reject(path, 'holds function responses, but no function call comes right before it')
  }
  if (signatures) checkSignatures(contents, reject)
}

// The current tool round starts after the last user message.
function checkSignatures(contents: readonly CheckedContent[], reject: Reject): void {
  const begin = contents.findLastIndex(({ message }) => message.role === 'user') + 1
  for (const { path, signed } of contents.slice(begin))
    if (signed[0] === false) reject(path, 'holds a function call without its thought_signature')
}
