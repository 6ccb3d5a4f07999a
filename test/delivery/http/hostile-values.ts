import { chance } from '../../chance.ts'

const WORDS = [
  'constructor',
  '__proto__',
  'toString',
  'é\u202e',
  '\ud800',
  '\u0000',
  '名'.repeat(90),
  'x'.repeat(3_000),
  '',
  '../..',
]
const NAMES =
  `model messages input role content type text tools tool_choice function name max_tokens stop parts message conversationId image_url url source data n user response_format json_schema logit_bias tool_calls tool_call_id metadata system thinking`.split(
    ' ',
  )
const TYPES = [
  'text',
  'image',
  'image_url',
  'tool_use',
  'tool_result',
  'message',
  'function',
  'input_text',
  'file',
]
const ROLES = ['user', 'assistant', 'system', 'tool', 'developer']

/** Makes bodies that nearly fit, with wrong values at every depth; the same for one seed. */
export function chanceOf(seed: number): { body(): string } {
  const random = chance(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const value = (depth: number): unknown => {
    const roll = random()
    if (depth > 5 || roll < 0.2) return pick<unknown>([null, true, -1, 1e308, 2 ** 60, 0.5, 0, []])
    if (roll < 0.35) return pick(WORDS)
    if (roll < 0.5) return pick([...TYPES, ...ROLES, 'openai/m', 'a'])
    if (roll < 0.7) return list(depth)
    return object(depth)
  }
  const list = (depth: number): unknown[] => {
    const one = value(depth + 1)
    const size = pick([0, 1, 2, 3, 3, 40])
    return Array.from({ length: size }, () => (random() < 0.5 ? one : value(depth + 1)))
  }
  const object = (depth: number): object => {
    const entries = Array.from({ length: pick([0, 1, 2, 3, 5]) }, () => {
      const name = random() < 0.9 ? pick(NAMES) : pick(WORDS)
      const known = name === 'role' ? pick(ROLES) : name === 'type' ? pick(TYPES) : undefined
      return [name, known !== undefined && random() < 0.8 ? known : value(depth + 1)] as const
    })
    return Object.fromEntries(entries)
  }
  const body = (): string => {
    const base = random() < 0.7 ? { model: 'openai/m', max_tokens: 5 } : {}
    const held = pick(['messages', 'input', 'message', 'tools', 'content'])
    return JSON.stringify({ ...base, [held]: value(1), ...(random() < 0.5 ? object(1) : {}) })
  }
  return { body }
}
