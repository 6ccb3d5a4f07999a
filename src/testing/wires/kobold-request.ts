import { rowOf } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import { FakeHttpError } from '../fake-error.ts'
import { messageOf, newestText, type ReceivedMessage, type ReadRequest } from '../request.ts'
import { StrictReader } from './strict-reader.ts'
import type { ReadRules, RequestHead } from './wire.ts'

/** The path of streamed calls, which has no version part. */
export const STREAM_PATH = '/api/extra/generate/stream'

// The server ignores unknown fields, so these are listed to find misspelt ones.
const KNOWN: ReadonlySet<string> = new Set(
  `banned_strings banned_tokens bypass_eos ban_eos_token dry_allowed_length dry_base dry_multiplier dry_penalty_last_n
  dry_sequence_breakers dynatemp_exponent dynatemp_range frmtrmblln frmttriminc genkey grammar grammar_retain_state images
  logit_bias logprobs max_context_length max_length memory min_p mirostat mirostat_eta mirostat_tau n nsigma
  presence_penalty prompt quiet render_special rep_pen rep_pen_range rep_pen_slope replace_instruct_placeholders
  sampler_order sampler_seed smoothing_factor stop_sequence temperature tfs top_a top_k top_p trim_stop typical
  use_default_badwordsids xtc_probability xtc_threshold`.split(/\s+/),
)
const MOST = Number.MAX_SAFE_INTEGER

/** Reads a generate body by KoboldCpp's rules. It names no model. */
export function readKobold(body: JsonObject, { path }: RequestHead, rules: ReadRules): ReadRequest {
  const fields = new StrictReader(body, '', reject)
  const unknown = fields.unknown(KNOWN)
  if (unknown !== undefined && rules.unknownFields === 'refuse') reject(unknown, 'is not a known field')
  const context = fields.number('max_context_length', { whole: true, min: 8, max: MOST })
  const maxTokens = fields.number('max_length', { whole: true, min: 1, max: MOST })
  if (context !== undefined && (maxTokens ?? 0) > context)
    fields.reject('max_length', 'must not be more than max_context_length')
  for (const name of ['min_p', 'rep_pen', 'typical']) fields.number(name, { min: 0, max: MOST })
  return {
    model: '',
    stream: path.endsWith(STREAM_PATH),
    ...readPrompt((fields.text('memory') ?? '') + fields.requiredString('prompt')),
    tools: [],
    settings: {
      maxTokens,
      temperature: fields.number('temperature', { min: 0, max: MOST }),
      topP: fields.number('top_p', { min: 0, max: 1 }),
      topK: fields.number('top_k', { whole: true, min: 0, max: MOST }),
      seed: fields.number('sampler_seed', { whole: true, min: -1, max: MOST }),
      presencePenalty: fields.number('presence_penalty', { min: -2, max: 2 }),
      logprobs: fields.flag('logprobs'),
      stop: fields.texts('stop_sequence'),
    },
  }
}

function reject(path: string, problem: string): never {
  throw new FakeHttpError({ kind: 'invalid-request', message: `${path} ${problem}` })
}

const MARK = /\{\{\[(SYSTEM|INPUT|OUTPUT)(?:_END)?\]\}\}|(?:^|\n)### (Instruction|Response):\n/g
const ROLES: Readonly<Record<string, 'user' | 'assistant'>> = {
  INPUT: 'user',
  Instruction: 'user',
  OUTPUT: 'assistant',
  Response: 'assistant',
}

// The server's placeholders and the usual markers separate the messages. A prompt without any is one user message.
function readPrompt(prompt: string): Pick<ReadRequest, 'system' | 'turns' | 'prompt'> {
  const marks = [...prompt.matchAll(MARK)]
  if (marks.length === 0) return { system: '', turns: [messageOf('user', { text: prompt })], prompt }
  const system = [prompt.slice(0, marks[0]?.index)]
  const turns: ReceivedMessage[] = []
  for (const [at, mark] of marks.entries()) {
    const text = prompt.slice(mark.index + mark[0].length, marks[at + 1]?.index).trim()
    const role = rowOf(ROLES, mark[1] ?? mark[2] ?? '')
    if (text === '') continue
    if (role === undefined) system.push(text)
    else turns.push(messageOf(role, { text }))
  }
  return { system: system.join('').trim(), turns, prompt: newestText(turns.map((turn) => [turn])) }
}
