import { plainText, type Message } from '../core/message.ts'
import { scrubSecrets, type Secret } from '../core/secret.ts'

const MAX_CHARS = 2_000
// A shorter match is probably a common word, not an echo.
const MIN_ECHO_CHARS = 8
const WINDOW = 16
const ECHO = '[request text]'

/**
 * Removes keys and text of the request from a provider's error message, so that it can be logged. Removes whole message
 * texts of 8 characters or more, and every run of 24 characters or more that also occurs in the request.
 */
export function redactErrorMessage(
  message: string,
  messages: readonly Message[],
  secrets: readonly (Secret | undefined)[],
): string {
  const short = message.length > MAX_CHARS ? `${message.slice(0, MAX_CHARS)}…` : message
  return scrubSecrets(withoutEcho(short, textsOf(messages)), secrets).replaceAll(CONTROLS, ' ')
}

// Control characters, line ends and changes of direction would forge lines of a log, or colour a terminal.
const CONTROLS = /[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu

function textsOf(messages: readonly Message[]): string[] {
  const texts: string[] = []
  for (const { content } of messages) {
    if (typeof content === 'string') texts.push(content)
    else for (const part of content) texts.push(partText(part))
  }
  return texts.filter((text) => text.length >= MIN_ECHO_CHARS)
}

function partText(part: { readonly type: string }): string {
  const { text, arguments: args, data } = part as { text?: string; arguments?: unknown; data?: unknown }
  if (part.type === 'tool-call') return JSON.stringify(args) ?? ''
  if (typeof data === 'string') return data
  return text ?? plainText([part])
}

function withoutEcho(message: string, texts: readonly string[]): string {
  let clean = message
  for (const text of texts) {
    if (!clean.includes(text.slice(0, MIN_ECHO_CHARS)) && text.length < WINDOW) continue
    clean = clean.replaceAll(text, ECHO).replaceAll(JSON.stringify(text).slice(1, -1), ECHO)
  }
  const request = texts.join('\n')
  return request.length < WINDOW ? clean : withoutRuns(clean, request)
}

// Compares windows at multiples of half their size, because every run of 24 characters contains one of them.
function withoutRuns(message: string, request: string): string {
  let clean = message
  for (let at = 0; at + WINDOW <= clean.length; at += WINDOW / 2) {
    const place = request.indexOf(clean.slice(at, at + WINDOW))
    if (place === -1) continue
    const { from, to } = widen(clean, at, request, place)
    clean = clean.slice(0, from) + ECHO + clean.slice(to)
    at = from + ECHO.length - ((from + ECHO.length) % (WINDOW / 2))
  }
  return clean
}

function widen(message: string, at: number, request: string, place: number): { from: number; to: number } {
  let before = 0
  while (at - before > 0 && place - before > 0 && message[at - before - 1] === request[place - before - 1])
    before++
  let length = WINDOW
  while (
    at + length < message.length &&
    message[at + length] === request[place + length] &&
    place + length < request.length
  )
    length++
  return { from: at - before, to: at + length }
}
