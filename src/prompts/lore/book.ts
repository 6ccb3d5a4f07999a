import { isObject, rowOf } from '../../core/json.ts'
import { readDecorators, type Decorators } from './decorators.ts'

/** Where an entry goes. A number is a depth: 0 follows the newest message, 1 precedes it, and so on. */
export type LorePlace =
  | 'before'
  | 'after'
  | 'before-description'
  | 'after-description'
  | 'personality'
  | 'scenario'
  | number

/** An entry of a lore book. */
export interface LoreEntry {
  readonly content: string
  readonly keys: readonly string[]
  readonly secondaryKeys: readonly string[]
  /** Which of the secondary keys must be said. */
  readonly secondary: 'any' | 'all' | 'not-any' | 'not-all'
  /** At least one of these must be said, too, if there are any. */
  readonly additionalKeys: readonly string[]
  /** None of these may be said. */
  readonly excludedKeys: readonly string[]
  readonly isRegex: boolean
  readonly caseSensitive: boolean
  /** What a key must match: whole words, from the beginning of a word, or anything. */
  readonly words: 'whole' | 'start' | 'any'
  /** `on` and `off` do not depend on keys. */
  readonly active: 'on' | 'off' | 'by-key'
  /** Lower ones come first. */
  readonly order: number
  /** Lower ones are left out first when the budget is exceeded. */
  readonly priority: number
  readonly place: LorePlace
  readonly role: 'system' | 'user' | 'assistant'
  readonly scanDepth: number | undefined
  /** Number of assistant messages from which it applies. */
  readonly onlyAfter: number
  /** It applies if the number of assistant messages is divisible by this. */
  readonly onlyEvery: number
  /** Number of the greeting with which it applies. */
  readonly greeting: number | undefined
  /** Percent of the scans in which it applies. */
  readonly probability: number
  /** Whether the content of other entries can trigger it, and its content others. */
  readonly isTriggered: boolean
  readonly triggers: boolean
}

/** A lore book of the card formats v2 and v3. */
export interface LoreBook {
  readonly entries: readonly LoreEntry[]
  readonly scanDepth: number | undefined
  readonly tokenBudget: number | undefined
  readonly isRecursive: boolean
  /** Number of entries that were left out, because they are malformed or too many. */
  readonly skipped: number
}

const MAX_ENTRIES = 5_000
const MAX_KEYS = 100
const MAX_CONTENT_CHARS = 100_000

/** Reads a lore book: of a card, of the format `lorebook_v3`, or of a world file whose entries are an object. */
export function readLoreBook(value: unknown): LoreBook {
  const given = isObject(value) ? value : {}
  const book = isObject(given['data']) ? given['data'] : given
  const found = book['entries']
  const list: readonly unknown[] = Array.isArray(found) ? found : isObject(found) ? Object.values(found) : []
  const entries = list.slice(0, MAX_ENTRIES).flatMap((entry) => readEntry(entry) ?? [])
  const off = list.slice(0, MAX_ENTRIES).filter((entry) => isDisabled(entry)).length
  return {
    entries,
    scanDepth: countOf(book['scan_depth'] ?? book['scanDepth']),
    tokenBudget: countOf(book['token_budget'] ?? book['tokenBudget']),
    isRecursive: (book['recursive_scanning'] ?? book['recursiveScanning']) === true,
    skipped: list.length - entries.length - off,
  }
}

function isDisabled(entry: unknown): boolean {
  return isObject(entry) && (entry['enabled'] === false || entry['disable'] === true)
}

/** Finds a field under any of its names, in the entry or its extensions. */
type Find = (...names: readonly string[]) => unknown

function readEntry(value: unknown): LoreEntry | undefined {
  if (!isObject(value) || isDisabled(value)) return undefined
  const extensions = isObject(value['extensions']) ? value['extensions'] : {}
  const find: Find = (...names) => {
    for (const holder of [value, extensions])
      for (const name of names)
        if (Object.hasOwn(holder, name) && holder[name] !== null && holder[name] !== undefined)
          return holder[name]
    return undefined
  }
  const { content } = value
  if (typeof content !== 'string' || content.length > MAX_CONTENT_CHARS) return undefined
  const { decorators, text } = readDecorators(content)
  const isRegex = value['use_regex'] === true
  const order = numberOf(find('insertion_order', 'order')) ?? 100
  return {
    content: text,
    ...keysOf(find, decorators),
    isRegex,
    caseSensitive: find('case_sensitive', 'caseSensitive') === true,
    words: { true: 'whole', false: 'any' }[String(find('match_whole_words', 'matchWholeWords'))] ?? 'start',
    active: activityOf(decorators, find('constant') === true && !isRegex),
    order,
    priority: numberOf(find('priority')) ?? order,
    place: placeOf(value, extensions, decorators),
    role: roleOf(decorators.get('role') ?? find('role')),
    scanDepth: countOf(decorators.get('scan_depth')) ?? countOf(find('scan_depth', 'scanDepth')),
    onlyAfter: Number(decorators.get('activate_only_after') ?? 0),
    onlyEvery: Number(decorators.get('activate_only_every') ?? 1),
    greeting: countOf(decorators.get('is_greeting')),
    probability: find('useProbability') === false ? 100 : (numberOf(find('probability')) ?? 100),
    isTriggered: find('exclude_recursion', 'excludeRecursion') !== true,
    triggers: find('prevent_recursion', 'preventRecursion') !== true,
  } as LoreEntry
}

function keysOf(
  find: Find,
  decorators: Decorators,
): Pick<LoreEntry, 'keys' | 'secondaryKeys' | 'secondary' | 'additionalKeys' | 'excludedKeys'> {
  const logic = (['any', 'not-all', 'not-any', 'all'] as const)[Number(find('selectiveLogic') ?? 0)] ?? 'any'
  return {
    keys: textsOf(find('keys', 'key')),
    secondaryKeys:
      find('selective') === true && find('use_regex') !== true
        ? textsOf(find('secondary_keys', 'keysecondary'))
        : [],
    secondary: logic,
    additionalKeys: textsOf(decorators.get('additional_keys')),
    excludedKeys: textsOf(decorators.get('exclude_keys')),
  }
}

function activityOf(decorators: Decorators, isConstant: boolean): LoreEntry['active'] {
  if (decorators.has('activate')) return 'on'
  if (decorators.has('dont_activate')) return 'off'
  return isConstant ? 'on' : 'by-key'
}

const DECORATED: Readonly<Record<string, LorePlace>> = {
  before_desc: 'before-description',
  after_desc: 'after-description',
  personality: 'personality',
  scenario: 'scenario',
}
const AT_DEPTH = 4

function placeOf(
  entry: Record<string, unknown>,
  extensions: Record<string, unknown>,
  decorators: Decorators,
): LorePlace {
  const decorated = rowOf(DECORATED, decorators.get('position') ?? '')
  if (decorated !== undefined) return decorated
  const depth = decorators.get('depth')
  if (depth !== undefined) return Math.max(0, Number(depth))
  const position = extensions['position'] ?? entry['position']
  if (position === AT_DEPTH) return countOf(extensions['depth'] ?? entry['depth']) ?? AT_DEPTH
  return (entry['position'] ?? position) === 'after_char' || position === 1 ? 'after' : 'before'
}

function roleOf(role: unknown): LoreEntry['role'] {
  if (role === 'assistant' || role === 2) return 'assistant'
  return role === 'user' || role === 1 ? 'user' : 'system'
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
  return list
    .flatMap((item) => (typeof item === 'string' && item.trim() !== '' ? [item.trim()] : []))
    .slice(0, MAX_KEYS)
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function countOf(value: unknown): number | undefined {
  const number = numberOf(value)
  return number === undefined || number < 0 ? undefined : Math.floor(number)
}
