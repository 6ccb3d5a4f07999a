import { LlmError, type StreamEvent, type Usage } from 'llm-switchyard'

const plain = process.env['NO_COLOR'] !== undefined || !process.stdout.isTTY
type Paint = (text: string) => string
const paint =
  (code: number): Paint =>
  (text) =>
    plain ? text : `\u001b[${code}m${text}\u001b[0m`
export const bold: Paint = paint(1)
export const dim: Paint = paint(2)
const red = paint(31)
const green = paint(32)
const yellow = paint(33)

let sections = 0

/** A numbered headline, and the call that is made below it. */
export function section(title: string, ...code: string[]): void {
  console.log(`\n${bold(`${++sections}. ${title}`)}`)
  for (const call of code) console.log(dim(`   ${call}`))
}

export function line(label: string, text: string): void {
  console.log(`   ${dim(label.padEnd(12))} ${text}`)
}

/** Prints events as they come; gives the prefix back to the left margin when the kind of content changes. */
export async function play(label: string, stream: AsyncIterable<StreamEvent>): Promise<void> {
  let showing = ''
  const show = (kind: string, text: string): void => {
    if (kind !== showing)
      process.stdout.write(
        `${showing === '' ? '' : '\n'}   ${dim((showing === '' ? label : '').padEnd(12))} `,
      )
    showing = kind
    process.stdout.write(kind === 'text' ? text : dim(text))
  }
  for await (const event of stream) {
    if (event.type === 'reasoning-delta') show('reasoning', event.text)
    if (event.type === 'text-delta') show('text', event.text)
    if (event.type === 'tool-call') show('tool', `→ ${event.name}(${JSON.stringify(event.arguments)})`)
    if (event.type === 'warning') show('warning', yellow(event.warning.message))
  }
  process.stdout.write('\n')
}

export function usageText({
  inputTokens,
  outputTokens,
  cachedInputTokens,
  reasoningTokens,
  estimated,
}: Usage): string {
  const details = [
    cachedInputTokens ? `${cachedInputTokens} from the cache` : '',
    reasoningTokens ? `${reasoningTokens} for reasoning` : '',
    estimated === true ? 'estimated' : '',
  ].filter((text) => text !== '')
  return `${inputTokens} tokens in, ${outputTokens} out${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}

export function good(text: string): string {
  return green(text)
}

export function showError(error: unknown): void {
  if (!LlmError.is(error)) {
    console.log(red(error instanceof Error ? error.message : String(error)))
    return
  }
  line('error', `${red(error.kind)}  ${error.message}`)
  if (error.retryAfterMs !== undefined) line('', `retryAfterMs ${error.retryAfterMs}`)
  if (error.partial !== undefined && error.partial.text !== '')
    line('partial', JSON.stringify(error.partial.text))
}
