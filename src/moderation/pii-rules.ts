import { verifyCard, verifyIban, verifyIpv4, verifyIpv6, verifyPhone, verifySsn } from './pii-numbers.ts'
import type { Verified } from './rule-set.ts'

/** The types of personal data and secrets that can be detected. */
export type PiiType =
  | 'email'
  | 'phone'
  | 'card'
  | 'iban'
  | 'ssn'
  | 'ip'
  | 'api-key'
  | 'jwt'
  | 'private-key'
  | 'passport'
  | 'licence'
  | 'bank-account'

/** The pattern of one type. `verify` validates a match. */
export interface PiiPattern {
  readonly type: PiiType
  readonly pattern: string
  readonly ignoreCase?: boolean
  readonly verify?: (text: string) => Verified | undefined
}

const SEPARATOR = '[ .\\u00a0\\u2011-]?'
const FILE_ENDINGS: ReadonlySet<string> = new Set(
  'png jpg jpeg gif svg webp avif ico css scss json html xml yaml yml toml tsx jsx mjs cjs exe dll zip tar'.split(
    ' ',
  ),
)

function verifyEmail(text: string): Verified | undefined {
  const at = text.lastIndexOf('@')
  const labels = text.slice(at + 1).split('.')
  const ending = labels.at(-1)?.toLowerCase() ?? ''
  const isFile = FILE_ENDINGS.has(ending)
  const isVersion = labels.length > 2 && labels.slice(0, -1).every((label) => /^\d+$/.test(label))
  const isMalformed =
    labels.some((label) => label.startsWith('-') || label.endsWith('-')) || /^git$/i.test(text.slice(0, at))
  return isFile || isVersion || isMalformed ? undefined : {}
}

// An API key has letters and digits, which distinguishes it from words joined by hyphens.
function verifyKey(text: string): Verified | undefined {
  const tail = text.slice(3)
  return /\d/.test(tail) && /[A-Za-z]/.test(tail) && !/^[^A-Z]*(?:-[a-z]+){4,}$/.test(tail) ? {} : undefined
}

// In "passport no. X1234567", only the number is the finding: the last word, which has digits.
function verifyLastWord(text: string): Verified | undefined {
  const word = /[A-Za-z0-9][A-Za-z0-9-]*$/.exec(text)
  const digits = word?.[0].replaceAll(/\D/g, '').length ?? 0
  return word === null || digits < 4 ? undefined : { skip: word.index }
}

const NUMBER_WORDS = '(?:[ ]?(?:id|no|nr|num|number|#|card))?[ ]?[.:#]?[ ]?(?:is|was|:)?[ ]?'

const KEY_SHAPES: readonly string[] = [
  'sk-[A-Za-z0-9_-]{20,}',
  '(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}',
  '(?:AKIA|ASIA)[0-9A-Z]{16}',
  'gh[pousr]_[A-Za-z0-9]{36,}',
  'github_pat_[A-Za-z0-9_]{22,}',
  'glpat-[A-Za-z0-9_-]{20,}',
  'AIza[0-9A-Za-z_-]{35}',
  'ya29\\.[0-9A-Za-z_-]{20,}',
  'xox[abeprs]-[A-Za-z0-9-]{10,}',
  'xapp-[A-Za-z0-9-]{10,}',
  'gsk_[A-Za-z0-9]{20,}',
  'xai-[A-Za-z0-9]{20,}',
  'pplx-[A-Za-z0-9]{20,}',
  'hf_[A-Za-z0-9]{30,}',
  'r8_[A-Za-z0-9]{30,}',
  'nvapi-[A-Za-z0-9_-]{30,}',
  'npm_[A-Za-z0-9]{36}',
  'SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}',
]

/** All patterns, the most specific first, because the first match at a position decides. */
export const PII_PATTERNS: readonly PiiPattern[] = Object.freeze([
  {
    type: 'private-key',
    pattern: '-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^]+?-----END [A-Z ]{0,30}PRIVATE KEY-----',
    ignoreCase: false,
  },
  {
    type: 'jwt',
    pattern: '(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{5,}\\.[A-Za-z0-9_-]*',
    ignoreCase: false,
  },
  {
    type: 'jwt',
    pattern: '(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*){4}',
    ignoreCase: false,
  },
  {
    type: 'api-key',
    pattern: `(?<![A-Za-z0-9])(?:${KEY_SHAPES.join('|')})`,
    ignoreCase: false,
    verify: verifyKey,
  },
  {
    type: 'email',
    pattern: '(?<![\\p{L}\\p{N}._%+-])[\\p{L}\\p{N}._%+-]+@(?:[\\p{L}\\p{N}-]{1,63}\\.)+\\p{L}{2,24}',
    verify: verifyEmail,
  },
  {
    type: 'iban',
    pattern: '(?<![A-Za-z0-9])[A-Z]{2}\\d{2}(?:[ \\u00a0-]?[A-Z0-9]){11,30}',
    verify: verifyIban,
  },
  { type: 'card', pattern: `(?<![\\w.+])\\d(?:${SEPARATOR}\\d){12,18}(?!\\d)`, verify: verifyCard },
  { type: 'ssn', pattern: '(?<![\\w.-])\\d{3}-\\d{2}-\\d{4}(?![\\w-])', verify: verifySsn },
  { type: 'ssn', pattern: '(?<![\\w.-])\\d{3} \\d{2} \\d{4}(?![\\w-])', verify: verifySsn },
  { type: 'ip', pattern: '(?<![\\w.-])(?:\\d{1,3}\\.){3,}\\d{1,3}(?!\\w)', verify: verifyIpv4 },
  {
    type: 'ip',
    pattern: '(?<![\\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\\w:])',
    verify: verifyIpv6,
  },
  {
    type: 'passport',
    pattern: `(?<!\\p{L})passport${NUMBER_WORDS}[A-Z0-9]{6,9}(?!\\w)`,
    verify: verifyLastWord,
  },
  {
    type: 'licence',
    pattern: `(?<!\\p{L})(?:driver['’]?s?|driving)[ -]licen[cs]e${NUMBER_WORDS}[A-Z0-9][A-Z0-9-]{4,19}`,
    verify: verifyLastWord,
  },
  {
    type: 'bank-account',
    pattern: `(?<!\\p{L})(?:account|acct|a/c|routing)(?: (?:number|no|nr|#))?[ ]?[.:#]?[ ]?(?:is )?\\d{6,17}(?!\\w)`,
    verify: verifyLastWord,
  },
  {
    type: 'phone',
    pattern: '(?<![\\w+.-])\\+\\d{1,3}[ .-]?(?:\\(\\d{1,4}\\)[ .-]?)?\\d{1,5}(?:[ .-]?\\d{2,5}){1,5}(?!\\w)',
    verify: verifyPhone,
  },
  {
    type: 'phone',
    pattern: '(?<![\\w.+-])(?:1[ .-])?(?:\\(\\d{3}\\)[ .-]?|\\d{3}[ .-])\\d{3}[ .-]\\d{4}(?![\\w-])',
    verify: verifyPhone,
  },
  { type: 'phone', pattern: '(?<![\\w.+-])0\\d(?:[ .-]\\d{2}){4}(?![\\w-])', verify: verifyPhone },
  { type: 'phone', pattern: '(?<![\\w.+-])0\\d{2,4}[ /-]\\d{3,4} ?\\d{3,4}(?![\\w-])', verify: verifyPhone },
])
