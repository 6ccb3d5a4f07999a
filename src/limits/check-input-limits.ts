import { requestError, type Issue } from '../core/error.ts'
import { isConversationId } from '../core/validate-id.ts'
import { argumentsText, partsOf, type FilePart, type ImagePart, type Message } from '../core/message.ts'
import type { Call } from '../core/call.ts'
import { textOfFile } from '../core/file-text.ts'
import type { ChatRequest } from '../core/request.ts'
import { unsafePatterns, type InputLimits, type UnsafePattern } from './input-limits.ts'

// The error of a hostile request must not be larger than the request.
const MAX_ISSUES = 100

/** The parts of a chat call that have limits. */
type LimitedRequest = Pick<Call, 'messages' | 'settings'> & { readonly request: ChatRequest }

/** Checks a request against limits. Throws `invalid-request` with up to 100 issues, one per problem; issues about size have status 413. */
export function checkInputLimits(request: LimitedRequest, limits: InputLimits): void {
  const check = new LimitCheck(limits)
  check.names(request)
  check.settings(request)
  check.tools(request)
  const { messages, request: checked } = request
  const lead = messages.length - checked.messages.length
  check.atMost('messages', checked.messages.length, limits.maxMessages, 'messages')
  // The content of too many messages is not read, because they are refused anyway.
  if (checked.messages.length <= limits.maxMessages)
    for (const [at, message] of messages.entries())
      check.message(message, at < lead ? 'system' : `messages.${at - lead}`)
  check.totals()
  if (check.issues.length > 0) throw requestError(check.issues)
}

/** Checks messages one by one, each as the only one of a request. Throws like {@link checkInputLimits}. */
export function checkMessageLimits(messages: readonly Message[], limits: InputLimits): void {
  const issues: Issue[] = []
  for (const [at, message] of messages.entries()) {
    const check = new LimitCheck(limits)
    check.message(message, `messages.${at}`)
    check.totals(`messages.${at}`)
    issues.push(...check.issues)
    if (issues.length >= MAX_ISSUES) break
  }
  if (issues.length > 0) throw requestError(issues)
}

class LimitCheck {
  readonly issues: Issue[] = []
  readonly #limits: InputLimits
  readonly #unsafe: readonly UnsafePattern[]
  #chars = 0
  #images = 0
  #files = 0

  constructor(limits: InputLimits) {
    const { unsafeContent } = limits
    this.#limits = limits
    this.#unsafe = typeof unsafeContent === 'boolean' ? (unsafeContent ? unsafePatterns : []) : unsafeContent
  }

  names({ request: checked }: LimitedRequest): void {
    const { model, conversationId, userId, tags } = checked
    const { maxModelChars, maxIdChars } = this.#limits
    if (model !== undefined) {
      this.atMost('model', model.length, maxModelChars, 'characters')
      if (/[^\w.:/@+-]/.test(model))
        this.#wrong('model', 'may only contain letters, digits and . _ - : / @ +')
    }
    if (conversationId !== undefined && !isConversationId(conversationId))
      this.#wrong('conversationId', 'must be a UUID, or 1 to 100 letters, digits, _ and -')
    const ids = {
      userId,
      ...Object.fromEntries(Object.entries(tags ?? {}).map(([k, v]) => [`tags.${k}`, v])),
    }
    for (const [path, id] of Object.entries(ids)) {
      if (id === undefined) continue
      this.atMost(path, id.length, maxIdChars, 'characters')
      if (id === '' || /\p{Cc}/u.test(id))
        this.#wrong(path, 'must be a non-empty text without control characters')
    }
  }

  settings({ request: checked, settings }: LimitedRequest): void {
    const { maxTokens, maxChoices, maxStops, maxStopChars } = this.#limits
    const { stop = [], n, topLogprobs } = settings
    if (settings.maxTokens !== undefined && settings.maxTokens > maxTokens)
      this.#wrong('maxTokens', `is ${settings.maxTokens}; at most ${maxTokens} is allowed`)
    if (n !== undefined && n > maxChoices) this.#wrong('n', `is ${n}; at most ${maxChoices} is allowed`)
    if (topLogprobs !== undefined && checked.logprobs === false)
      this.#wrong('topLogprobs', 'needs logprobs: true')
    if (stop.length > maxStops)
      this.#wrong('stop', `has ${stop.length} sequences; at most ${maxStops} are allowed`)
    for (const [at, text] of stop.entries())
      if (text.length > maxStopChars)
        this.#wrong(
          typeof checked.stop === 'string' ? 'stop' : `stop.${at}`,
          `has ${text.length} characters; at most ${maxStopChars} are allowed`,
        )
  }

  tools({ settings: { tools = [] } }: LimitedRequest): void {
    const { maxTools, maxToolChars } = this.#limits
    this.atMost('tools', tools.length, maxTools, 'tools')
    const names = new Set<string>()
    for (const [at, tool] of tools.slice(0, maxTools).entries()) {
      const { length } = JSON.stringify(tool)
      this.#chars += length
      this.atMost(`tools.${at}`, length, maxToolChars, 'characters as JSON')
      if (tool.description !== undefined) this.#safe(`tools.${at}.description`, tool.description)
      if (names.has(tool.name))
        this.#wrong(
          `tools.${at}.name`,
          `is "${tool.name}", which another tool has; tool names must be unique`,
        )
      names.add(tool.name)
    }
  }

  message(message: Message, path: string): void {
    const { roles, allowBlank, maxTextChars } = this.#limits
    const { role } = message
    if (!roles.includes(role))
      this.#wrong(path === 'system' ? path : `${path}.role`, `is ${role}; allowed: ${roles.join(', ')}`)
    const at = path === 'system' ? path : `${path}.content`
    const parts = partsOf(message.content as string | readonly ContentPart[])
    let chars = 0
    let isBlank = true
    let longest = 0
    for (const [index, part] of parts.entries()) {
      const own = typeof message.content === 'string' ? at : `${at}.${index}`
      const text = textOf(part)
      chars += text.length
      longest = Math.max(longest, text.length)
      if (part.type !== 'text' || text.trim() !== '') isBlank = false
      if (parts.length > 1) this.atMost(own, text.length, maxTextChars, 'characters')
      if (path !== 'system') this.#safe(own, this.#unsafe.length === 0 ? '' : checkedText(part, text))
      this.#media(part, own)
    }
    // A part that is too long has its own issue.
    if (parts.length <= 1 || longest <= maxTextChars) this.atMost(at, chars, maxTextChars, 'characters')
    this.#chars += chars
    if (isBlank && !allowBlank && (role === 'user' || role === 'assistant'))
      this.#wrong(at, role === 'user' ? 'is empty' : 'is empty, and the message has no tool call')
  }

  totals(place?: string): void {
    const { maxRequestChars, maxImages, maxFiles } = this.#limits
    this.atMost(place ?? '', this.#chars, maxRequestChars, 'characters')
    this.atMost(place ?? 'messages', this.#images, maxImages, 'images')
    this.atMost(place ?? 'messages', this.#files, maxFiles, 'files')
  }

  atMost(path: string, count: number, most: number, what: string): void {
    if (count > most && this.issues.length < MAX_ISSUES)
      this.issues.push({ path, message: `has ${count} ${what}; at most ${most} are allowed`, status: 413 })
  }

  #safe(path: string, text: string): void {
    if (text === '') return
    for (const pattern of this.#unsafe)
      if (matches(pattern, text)) return this.#wrong(path, 'contains content that is not allowed')
  }

  #media(part: ContentPart, path: string): void {
    if (part.type === 'image') this.#image(part, path)
    if (part.type !== 'file' && part.type !== 'audio') return
    this.#files++
    const bytes = byteCount(part)
    if (bytes !== undefined) this.atMost(path, bytes, this.#limits.maxFileBytes, 'bytes')
  }

  #image(part: ImagePart, path: string): void {
    const { imageTypes, maxImageBytes } = this.#limits
    this.#images++
    const { url } = part
    if (part.data === undefined && url !== undefined && !/^(https?:\/\/|data:image\/)/i.test(url))
      return this.#wrong(`${path}.url`, 'must be an http(s) URL, or a data URL of an image')
    const bytes = byteCount(part)
    if (bytes === undefined) return
    // The size is checked first, because large data must not be decoded.
    if (bytes > maxImageBytes) return this.atMost(path, bytes, maxImageBytes, 'bytes')
    const { mediaType, base64 } = encodingOf(part)
    if (!imageTypes.includes(mediaType))
      this.#wrong(path, `has the media type "${mediaType.slice(0, 50)}"; allowed: ${imageTypes.join(', ')}`)
    if (bytes === 0 || (base64 !== undefined && !isBase64(base64)))
      this.#wrong(path, 'contains no image, because its data is not base64')
  }

  #wrong(path: string, message: string): void {
    if (this.issues.length < MAX_ISSUES) this.issues.push({ path, message })
  }
}

type ContentPart = Exclude<Message['content'], string>[number]

function textOf(part: ContentPart): string {
  if (part.type === 'text' || part.type === 'reasoning') return part.text
  if (part.type === 'server-tool') return JSON.stringify(part.block)
  return part.type === 'tool-call' ? argumentsText(part) : ''
}

// The text of a file is not counted as characters of the message, because files have a limit of their own.
function checkedText(part: ContentPart, text: string): string {
  return part.type === 'file' ? (textOfFile(part) ?? '') : text
}

/** Returns the number of decoded bytes of a part, from the length of its base64 text; `undefined` for a remote URL. */
function byteCount({ data, url }: Pick<FilePart, 'data' | 'url'>): number | undefined {
  if (typeof data === 'object') return data.length
  const text = data ?? (url !== undefined && /^data:/i.test(url) ? url : undefined)
  if (text === undefined) return undefined
  const start = data === undefined ? text.indexOf(',') + 1 : 0
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return Math.max(0, Math.floor(((text.length - start) * 3) / 4) - padding)
}

/** Returns the media type that a part declares, and its text in base64; for a data URL, both from the URL. */
function encodingOf({ data, url = '', mediaType = '' }: ImagePart): { mediaType: string; base64?: string } {
  if (typeof data === 'object') return { mediaType: mediaType.toLowerCase() }
  if (data !== undefined) return { mediaType: mediaType.toLowerCase(), base64: data }
  const comma = url.indexOf(',')
  const [type = '', ...flags] = url.slice('data:'.length, Math.max(comma, 0)).toLowerCase().split(';')
  return { mediaType: type, base64: flags.includes('base64') ? url.slice(comma + 1) : '%' }
}

// A search for one wrong character never backtracks.
function isBase64(text: string): boolean {
  const body = text.trimEnd()
  const padding = body.endsWith('==') ? 2 : body.endsWith('=') ? 1 : 0
  return !/[^A-Za-z0-9+/\s_-]/.test(padding === 0 ? body : body.slice(0, -padding))
}

// A global or sticky expression keeps its last position, and all requests share it.
function matches(pattern: UnsafePattern, text: string): boolean {
  if (typeof pattern === 'string') return text.toLowerCase().includes(pattern.toLowerCase())
  if (pattern instanceof RegExp) pattern.lastIndex = 0
  return pattern.test(text)
}
