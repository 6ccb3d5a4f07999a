import type { Fields, Refuse } from './fields.ts'

/** Every tool message answers a call of the assistant turn before it, and every call is answered before the next turn. */
export function checkPairs(messages: readonly Fields[], refuse: Refuse): void {
  let open: string[] = []
  let caller = ''
  for (const message of messages) {
    const isResult = message.text('role') === 'tool'
    if (isResult) {
      const id = message.required('tool_call_id')
      if (caller === '')
        refuse(`${message.path}.role`, "is 'tool', but no message with tool_calls comes before it")
      if (!open.includes(id))
        refuse(`${message.path}.tool_call_id`, `answers no open call of ${caller}: ${id}`)
      open = open.filter((known) => known !== id)
      continue
    }
    checkAnswered(open, caller, refuse)
    open = (message.objects('tool_calls') ?? []).map((call) => call.required('id'))
    caller = open.length > 0 ? message.path : ''
  }
  checkAnswered(open, caller, refuse)
}

function checkAnswered(open: readonly string[], caller: string, refuse: Refuse): void {
  if (open.length > 0)
    refuse(`${caller}.tool_calls`, `must be answered by tool messages; these are not: ${open.join(', ')}`)
}
