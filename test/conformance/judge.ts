import type { Outcome } from './replay.ts'
import type { Expected, Recording } from './recordings.ts'

/** Says in what an outcome differs from what the recording expects. */
export function judge({ expected, notCompared }: Recording, outcome: Outcome): string[] {
  const { response, error } = outcome
  if (expected.error !== undefined) return judgeError(expected.error, outcome)
  if (error !== undefined) return expected.mayError === true ? [] : [`error ${error.kind}: ${error.message}`]
  if (response === undefined) return ['no response']
  const differences: string[] = []
  const check = (field: string, right: boolean, got: unknown, want: unknown): void => {
    if (!right && !notCompared.includes(field))
      differences.push(`${field}: got ${brief(got)}, expected ${brief(want)}`)
  }
  const refusal = expected.refusal ?? ''
  check(
    'text',
    [expected.text, `${expected.text ?? ''}${refusal}`].includes(response.text),
    response.text,
    expected.text,
  )
  check('reasoning', response.reasoning === expected.reasoning, response.reasoning, expected.reasoning)
  const calls = response.toolCalls.map(({ name, arguments: args }) => ({ name, args }))
  check('toolCalls', same(calls, expected.toolCalls), calls, expected.toolCalls)
  const reasons = expected.finishReason ?? []
  check(
    'finishReason',
    reasons.includes('*') || reasons.includes(response.finishReason),
    response.finishReason,
    reasons,
  )
  const {
    inputTokens: input,
    outputTokens: output,
    cachedInputTokens: cachedInput,
    reasoningTokens: reasoning,
    estimated,
  } = response.usage
  const usage = {
    input: estimated ? null : input,
    output: estimated ? null : output,
    cachedInput: cachedInput ?? null,
    reasoning: reasoning ?? null,
  }
  for (const [field, got] of Object.entries(usage)) {
    const want = expected.usage?.[field]
    check(`usage.${field}`, notCompared.includes('usage') || fits(got, want, field), got, want)
  }
  return differences
}

function judgeError(expected: NonNullable<Expected['error']>, { error }: Outcome): string[] {
  if (error === undefined) return [`no error, expected ${brief(expected.message)}`]
  const differences: string[] = []
  if (expected.status !== null && error.status !== expected.status)
    differences.push(`status ${error.status}, expected ${expected.status}`)
  const head = expected.message.slice(0, 60)
  if (!error.message.includes(head))
    differences.push(`message ${brief(error.message)}, expected ${brief(expected.message)}`)
  return differences
}

// A figure that was not reported counts as none; a detail of 0 and none are the same.
function fits(got: unknown, want: unknown, field: string): boolean {
  if (want === undefined || want === '*') return true
  if (Array.isArray(want)) return want.some((one) => fits(got, one, field))
  const detail = field === 'cachedInput' || field === 'reasoning'
  return got === want || (detail && (got ?? 0) === (want ?? 0)) || (want === null && !detail)
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}
