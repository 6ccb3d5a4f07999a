import { plainText, type Message } from '../core/message.ts'
import { scrubSecrets, type Secret } from '../core/secret.ts'

const MOST_WORDS = 2_000
// An echo shorter than this is an ordinary word that both texts happen to use.
const SHORTEST_ECHO = 8
const WINDOW = 16

/**
 * A provider's own words, fit for logs: no key, and no echo of the request. Whole message texts are taken out wherever they
 * stand, and every run of 24 characters or more that the words share with the request.
 */
export function redactErrorMessage(
  words: string,
  messages: readonly Message[],
  secrets: readonly (Secret | undefined)[],
): string {
  const short = words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS)}…` : words
  return scrubSecrets(withoutEcho(short, textsOf(messages)), secrets)
}

function textsOf(messages: readonly Message[]): string[] {
  const texts: string[] = []
  for (const { content } of messages) {
    if (typeof content === 'string') texts.push(content)
    else for (const part of content) texts.push(partText(part))
  }
  return texts.filter((text) => text.length >= SHORTEST_ECHO)
}

function partText(part: { readonly type: string }): string {
  const { text, arguments: args, data } = part as { text?: string; arguments?: unknown; data?: unknown }
  if (part.type === 'tool-call') return JSON.stringify(args) ?? ''
  if (typeof data === 'string') return data
  return text ?? plainText([part])
}

function withoutEcho(words: string, texts: readonly string[]): string {
  let clean = words
  for (const text of texts) {
    if (!clean.includes(text.slice(0, SHORTEST_ECHO)) && text.length < WINDOW) continue
    clean = clean.replaceAll(text, ECHO).replaceAll(JSON.stringify(text).slice(1, -1), ECHO)
  }
  const request = texts.join('\n')
  return request.length < WINDOW ? clean : withoutRuns(clean, request)
}
const ECHO = '[request text]'

// Every long shared run holds a window that starts at a multiple of half its size.
function withoutRuns(words: string, request: string): string {
  let clean = words
  for (let at = 0; at + WINDOW <= clean.length; at += WINDOW / 2) {
    const place = request.indexOf(clean.slice(at, at + WINDOW))
    if (place === -1) continue
    const { from, to } = widen(clean, at, request, place)
    clean = clean.slice(0, from) + ECHO + clean.slice(to)
    at = from + ECHO.length - ((from + ECHO.length) % (WINDOW / 2))
  }
  return clean
}

function widen(words: string, at: number, request: string, place: number): { from: number; to: number } {
  let before = 0
  while (at - before > 0 && place - before > 0 && words[at - before - 1] === request[place - before - 1])
    before++
  let length = WINDOW
  while (
    at + length < words.length &&
    words[at + length] === request[place + length] &&
    place + length < request.length
  )
    length++
  return { from: at - before, to: at + length }
}
