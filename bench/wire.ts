/** How the loopback server answers, as the first part of the path: `/coalesced/v1/chat/completions`. */
export type Mode = 'whole' | 'coalesced' | 'each' | 'padded' | 'first' | 'short' | 'paced'

/** Content chunks of one long stream. */
export const CHUNKS = 2_000
/** Chunks in one network write of a long stream. */
export const CHUNKS_PER_WRITE = 60
/** Time between two chunks of a paced stream. */
export const PACE_MS = 50
/** Time between the first chunk and the end of a `first` stream. */
export const FIRST_HOLD_MS = 4

const WORDS = [
  ' every',
  ' train',
  ' that',
  ' enters',
  ' the',
  ' yard',
  ' leaves',
  ' on',
  ' its',
  ' own',
  ' track',
]
const head = {
  id: 'chatcmpl-bench-0001',
  created: 1_763_700_000,
  model: 'bench-1',
  system_fingerprint: 'fp_loopback',
}
const usage = { prompt_tokens: 96, completion_tokens: CHUNKS, total_tokens: 96 + CHUNKS }

/** The text of the chunk at a place in a stream. */
export const wordAt = (index: number): string => WORDS[index % WORDS.length] ?? ''

/** The whole answer's text. */
export const WHOLE_TEXT: string = Array.from({ length: 80 }, (_none, index) => wordAt(index)).join('')

/** Characters of text in one long stream: what every subject must have seen. */
export const STREAM_LENGTH: number = Array.from(
  { length: CHUNKS },
  (_none, index) => wordAt(index).length,
).reduce((sum, length) => sum + length, 0)

/** One chunk of about 200 bytes as a server-sent event; `padding` goes into a field of its own, as some vendors do. */
export function chunkEvent(content: string, padding?: string): string {
  return eventOf([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }], {
    obfuscation: padding,
  })
}

/** What ends a stream: the finish reason, the usage, the end mark. */
export const endEvents: readonly string[] = [
  eventOf([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]),
  eventOf([], { usage }),
  'data: [DONE]\n\n',
]

/** The reply to a call that is not streamed. */
export const wholeReply: string = JSON.stringify({
  ...head,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: WHOLE_TEXT, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage,
})

function eventOf(choices: readonly object[], more?: object): string {
  const chunk = { ...head, object: 'chat.completion.chunk', choices, ...more }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

/** What every subject asks, in the words that all of them know. */
export const SYSTEM =
  'You are the dispatcher of a busy switchyard. Answer in plain words, name the track and the time, and say what you are not sure of.'
export const QUESTION =
  'The freight train from the north is 12 minutes late and the express wants track 4 at 10:32. Which of the two goes first, where does the other wait, and what do I tell the driver of the local train that stands on track 5 with open doors?'
export const MODEL = 'bench-1'
export const KEY = 'bench-key-of-no-value'
export const MAX_TOKENS = 400
export const TEMPERATURE = 0.7
