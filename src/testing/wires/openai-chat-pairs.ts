import type { StrictReader, Reject } from './strict-reader.ts'

/** Checks that tool messages answer the calls of the assistant message before them, each call once. */
export function checkPairs(messages: readonly StrictReader[], reject: Reject): void {
  let open: string[] = []
  let caller = ''
  for (const message of messages) {
    const isResult = message.text('role') === 'tool'
    if (isResult) {
      const id = message.requiredString('tool_call_id')
      if (caller === '')
        reject(`${message.path}.role`, "is 'tool', but no message with tool_calls comes before it")
      if (!open.includes(id))
        reject(`${message.path}.tool_call_id`, `answers no open call of ${caller}: ${id}`)
      open = open.filter((known) => known !== id)
      continue
    }
    checkAnswered(open, caller, reject)
    open = (message.objects('tool_calls') ?? []).map((call) => call.requiredString('id'))
    caller = open.length > 0 ? message.path : ''
  }
  checkAnswered(open, caller, reject)
}

function checkAnswered(open: readonly string[], caller: string, reject: Reject): void {
  if (open.length > 0)
    reject(`${caller}.tool_calls`, `must be answered by tool messages; these are not: ${open.join(', ')}`)
}
