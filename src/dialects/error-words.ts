import type { ErrorKind } from '../core/error.ts'

// The wordings themselves are in the test of these tables, each with the server that writes it. Texts are in lower case.

// A prompt that does not fit the model.
const OVERFLOW: readonly RegExp[] = [
  // Anthropic, z.ai (also in Chinese), Ollama, Fireworks
  /\bprompt[ :]*(is )?(too long|\u8d85\u957f)|\u4e0a\u4e0b\u6587\u957f\u5ea6|\u957f\u5ea6\u8d85/,
  // OpenAI, Anthropic, llama.cpp, MiniMax, Ollama, LiteLLM
  /context[_ -]?(length|window|size|limit)[^.]{0,40}exceed|exceed[^.]{0,60}(context|sequence|prompt)[_ -]?(length|window|size|limit)/,
  // OpenAI and most that follow it, vLLM, xAI, TabbyAPI, Bedrock
  /max\w* (context|prompt|model|sequence|input) (length|size)|max_(model|seq)_len|max\w* input tokens?|max\w* allowed (input )?length/,
  // SGLang, Together, LM Studio, Mistral, z.ai
  /(input|prompt|tokens)[^;]{0,80}(longer|larger|greater|more|too large) (than|for)[^;]{0,40}(context|model|max \w*tokens)/,
  // Google, GitHub Copilot, Cohere, OpenRouter
  /\b(prompt|input|request|message|total)[^;]{0,60}token[^;]{0,60}exceed|total tokens exceeds? the model|input token count/,
  // Bedrock, Cohere, Groq, Cerebras, Moonshot, Qwen
  /\binput is too long( for requested model|[.!]|$)|too many (input |prompt )?tokens|(reduce|shorten) the (length|size) of (the |your )?(message|prompt|input)|exceeded model token limit|token limit exceeded|range of input length/,
  // TGI, llama.cpp, GitHub Models, OpenAI's limit of characters
  /inputs\W+tokens \+ \W*max_new_tokens|inputs\W+must have less than|input \(\d+ tokens\) is too large|request body too large for [^.]*model|(content|text|prompt|input|instructions)(\[\d+\])?': string too long|model_context_window_exceeded/,
]

// What looks like it: a rate of tokens, or the size of an answer.
const NOT_OVERFLOW =
  /per[ -](minute|min|day|hour|second)|\b[rt]p[md]\b|rate.?limit|too many requests|please wait|^(?=.*(max_\w*tokens|output tokens|completion tokens))(?!.*(context|input|prompt))/s

/** Whether an error message says that the prompt does not fit the model. */
export function saysTooLong(message: string): boolean {
  const text = message.slice(0, 4_000).toLowerCase()
  return OVERFLOW.some((pattern) => pattern.test(text)) && !NOT_OVERFLOW.test(text)
}

// Refused content: xAI, OpenAI, Azure, Anthropic, Google; DeepSeek, Moonshot, Qwen, z.ai, MiniMax, StepFun; OpenRouter.
const REFUSED =
  /violat\w*[^.]{0,30}(usage|content|safety|community|acceptable use|responsible ai)|(flagged|blocked|filtered|rejected)[^.]{0,60}(content|safety|violat|moderation|sensitive|guardrail|prohibited|high risk)|content( you provided[^.]*blocked| exists risk|[^.]{0,30} is blocked)|(inappropriate|sensitive|unsafe|harmful) (content|words)|new_sensitive|input was flagged|\u654f\u611f\u5185\u5bb9|safety_check_/

// Used-up money: OpenAI, Anthropic, Google, DeepSeek, Moonshot, z.ai (also in Chinese), LiteLLM.
const SPENT =
  /insufficient (credit|balance|quota|funds)|credit balance is too low|(out|run out) of (credits|funds)|(all|no) available credits|credits? (is|are) depleted|spend(ing)? ?(limit|cap)|specified (api )?usage limits|payment (required|instrument)|budget has been exceeded|enable billing|please recharge|\u4f59\u989d\u4e0d\u8db3|\u6b20\u8d39/

// The same words for a quota that renews: only a wait tells which one it is.
const MAYBE_SPENT =
  /exceeded your current quota|billing details|quota exceeded|per[ -]?(day|week|month)|daily|weekly|monthly/

// The model's own mistake: Groq, Cohere, Ollama, llama.cpp, Google.
const MISTAKE =
  /failed to (call a function|generate json|parse[^.]{0,20}(tool|function) call)|attempted to call tool|tool call validation failed|(model (generated|produced)|generated output)[^.]{0,40}(invalid|malformed|not be parsed)|invalid (tool )?generation|malformed function call|error parsing tool call/

// A model that does not exist, and a place where the API is not offered.
const NO_SUCH_MODEL =
  /\bunknown model\b|\bmodel [`'"]?[\w./:@-]+[`'"]? (does not|doesn't) exist\b|\bis not a valid model\b|\bmodel not found\b|\bsupported api model names\b/
const NO_KEY =
  /api[_ ]?key (not valid|is invalid|expired)|incorrect api key|(location|country|region) (is )?not (supported|available)|not available in your/

/** What the words of a message say about its cause; `undefined`: nothing that is known. `status`: the reply's. */
export function kindOfWords(message: string, status: number | undefined): ErrorKind | undefined {
  const text = message.slice(0, 4_000).toLowerCase()
  const isBad = status === undefined || status === 400 || status === 422
  const isLimit = status === 429 || status === 403 || status === 402
  if ((isBad || isLimit) && SPENT.test(text)) return 'quota-exhausted'
  if (isBad && MISTAKE.test(text)) return 'reply-malformed'
  if (!isElsewhere(status) && status !== 429 && REFUSED.test(text)) return 'content-blocked'
  if (status !== 400) return undefined
  return NO_KEY.test(text) ? 'unauthorized' : NO_SUCH_MODEL.test(text) ? 'not-found' : undefined
}

/** Whether a status says for itself that neither prompt nor answer is at fault. */
export function isElsewhere(status: number | undefined): boolean {
  return status === 401 || status === 402 || status === 404 || status === 408
}

/** The clues to whether a wait helps. */
export interface LimitClues {
  readonly message: string
  /** The whole reply as text. */
  readonly raw: string
  /** The wait that the reply asks for, in ms. */
  readonly waitMs: number | undefined
}

/**
 * Whether a limit renews soon (`rate-limited`) or not (`quota-exhausted`). Google's details decide, in whichever wrapping
 * a gateway passes them on: a limit per day or of 0 does not, although it names a wait too.
 */
export function limitKind(kind: ErrorKind, { message, raw, waitMs }: LimitClues): ErrorKind {
  if (/RESOURCE_EXHAUSTED|QuotaFailure|quotaId/.test(raw)) {
    if (/PerDay|quotaValue\W+0\b|\blimit: 0\b/.test(raw)) return 'quota-exhausted'
    if (waitMs !== undefined || /quotaId/.test(raw)) return 'rate-limited'
  }
  const text = message.toLowerCase()
  return kind === 'rate-limited' && waitMs === undefined && (SPENT.test(text) || MAYBE_SPENT.test(text))
    ? 'quota-exhausted'
    : kind
}
