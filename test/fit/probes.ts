import type { CallIdRule, WireRules } from '../../src/core/fit/rules.ts'
import type { ChatRequest } from '../../src/core/request.ts'

/** What a body looks like from outside: every string in it, with the key that holds it. */
export type Strings = readonly (readonly [key: string, text: string])[]

/** A request that shows whether a row of the rules is kept. */
export interface Probe<Row extends keyof WireRules> {
  readonly request: Omit<ChatRequest, 'model'>
  /** Whether a body keeps the row. */
  readonly keeps: (body: Strings, row: WireRules[Row], warnings: readonly string[]) => boolean
}

/** Rows with a probe. The rows of schemas have tables of their own. */
export type ProbedRow = Exclude<keyof WireRules, 'toolSchema' | 'strictSchema' | 'answerSchema'>
type Probes = { readonly [Row in ProbedRow]: Probe<Row> }

const ODD_NAME = 'files/read.all'
const MADE_UP = 'look<|channel|>commentary'
const LONG_ID = `call:${'x'.repeat(80)}`
const BMP = 'Qk0='
const SVG = '<svg>circle</svg>'
const user = (content: string) => ({ role: 'user', content }) as const
const tools = [{ name: 'look', parameters: { type: 'object', properties: {} } }] as const

const has = (body: Strings, text: string): boolean => body.some(([, held]) => held.includes(text))
const only = (body: Strings, ...keys: string[]): string[] =>
  body.filter(([key]) => keys.includes(key)).map(([, text]) => text)

/** A history with one call and its result. */
function round(id: string, name: string): ChatRequest['messages'] {
  return [
    user('go'),
    { role: 'assistant', content: [{ type: 'tool-call', id, name, arguments: {} }] },
    { role: 'tool', toolCallId: id, content: 'seen' },
  ]
}

/** One probe for each row. `Record` by row: a new row without a probe does not compile. */
export const probes: Probes = {
  toolNames: {
    request: { tools: [{ ...tools[0], name: ODD_NAME }], messages: round('call_1', MADE_UP) },
    keeps: (body, row) => {
      if ('absent' in row) return has(body, MADE_UP)
      const names = only(body, 'name', 'tool_name').filter((name) => /look|files/.test(name))
      const told = has(body, `Called ${names[0] ?? 'look_'}`) || has(body, 'Called look')
      return (
        (names.length > 0 || told) &&
        names.every((name) => !row.refused.test(name) && name.length <= row.max) &&
        !has(body, MADE_UP)
      )
    },
  },
  callIds: {
    request: { tools, messages: round(LONG_ID, 'look') },
    keeps: (body, row) => {
      if ('absent' in row) return !has(body, 'call_') || has(body, LONG_ID)
      const ids = only(body, 'id', 'call_id', 'tool_call_id', 'tool_use_id', 'toolUseId')
      return (
        new Set(ids).size <= 1 && ids.every((id) => matches(id, row)) && !has(body, LONG_ID) === !accepts(row)
      )
    },
  },
  images: {
    request: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', data: BMP, mediaType: 'image/bmp' },
            { type: 'image', url: `data:image/SVG+XML;BASE64,${btoa(SVG)}` },
          ],
        },
      ],
    },
    keeps: (body, row) =>
      has(body, SVG) &&
      has(body, BMP) === (row === 'any') &&
      has(body, '[image left out]') === (row !== 'any'),
  },
  audio: {
    request: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'audio', data: 'AAAB', mediaType: 'audio/mpeg' },
            { type: 'audio', data: 'AAAC', mediaType: 'audio/amr' },
          ],
        },
      ],
    },
    keeps: (body, row) => {
      const some = row !== 'none' && row !== 'any'
      return (
        has(body, 'AAAB') === (row === 'any' || (some && row.includes('audio/mpeg'))) &&
        has(body, 'AAAC') === (row === 'any') &&
        has(body, '[audio left out]') === (row !== 'any')
      )
    },
  },
  speakerNames: {
    request: {
      messages: [
        { role: 'user', content: 'one', name: 'Zoë <b>' },
        { role: 'assistant', content: 'two', name: 'z'.repeat(80) },
        { role: 'user', content: 'three', name: 'zed' },
        { role: 'user', content: 'four', name: '' },
      ],
    },
    keeps: (body, row, warnings) => {
      const names = only(body, 'name')
      if ('absent' in row) return names.length === 0 && warnings.some((text) => text.includes('speaker'))
      const right = names.every((name) => name !== '' && name.length <= row.max && !row.refused.test(name))
      return right && names.length === 3 && names[2] === 'zed' && names.some((name) => name.startsWith('Zoë'))
    },
  },
  neighbours: {
    request: { messages: [user('one'), user('two')] },
    keeps: (body, row) => has(body, 'one\n\ntwo') === (row === 'joined'),
  },
  userAfterResult: {
    request: { tools, messages: [...round('call_1', 'look'), user('and?')] },
    keeps: (body, row) => only(body, 'content', 'text').includes('.') === (row === 'separated'),
  },
  blankMessages: {
    request: { messages: [user('one'), { role: 'assistant', content: '  \n' }, user('two')] },
    keeps: (body, row) => has(body, '  \n') === (row === 'accepted'),
  },
  lastAssistant: {
    request: { messages: [user('one'), { role: 'assistant', content: 'begun' }] },
    keeps: (body, row) => has(body, 'Continue.') === (row === 'refused'),
  },
  cacheMarks: {
    request: {
      tools: [{ ...tools[0], cache: true }],
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'long', cache: { ttl: '1h' } }] },
        ...['a', 'b', 'c', 'd', 'e'].map(
          (text) => ({ role: 'user', content: [{ type: 'text', text, cache: true }] }) as const,
        ),
      ],
    },
    keeps: (body, row, warnings) => {
      const marks = body.filter(
        ([, text]) => text === 'ephemeral' || text === 'default' || text === 'explicit',
      )
      if ('absent' in row) return marks.length === 0 && warnings.some((warning) => warning.includes('cache'))
      return marks.length === row.max && warnings.some((warning) => warning.includes(`last ${row.max}`))
    },
  },
  lateSystem: {
    request: {
      messages: [
        user('FIRST'),
        { role: 'assistant', content: 'two' },
        { role: 'system', content: 'LATE' },
        user('THIRD'),
      ],
    },
    keeps: (body, row, warnings) => {
      const text = body.map(([, held]) => held).join('\n')
      const [first = -1, late = -1, third = -1] = ['FIRST', 'LATE', 'THIRD'].map((word) => text.indexOf(word))
      if (row === 'moved') return late < first && warnings.some((warning) => warning.includes('moved'))
      return row === 'after-user' ? late > third : first < late && late < third
    },
  },
}

function matches(id: string, rule: CallIdRule): boolean {
  return rule.allowed.test(id)
}

function accepts({ allowed }: CallIdRule): boolean {
  return allowed.test(LONG_ID)
}
