/** Paths of a client's body from which messages and parts were read: for a message, the path of its content. */
export class ContentPaths {
  readonly #paths = new Map<object, string>()

  /** Remembers where a message or part was read, and returns it. */
  note<T extends object>(made: T, path: string): T {
    this.#paths.set(made, path)
    return made
  }

  /** Remembers that a message was made from another and what followed it, and returns it. */
  joined<T extends object>(first: object, made: T): T {
    return this.note(made, this.#paths.get(first) ?? '')
  }

  /**
   * Returns the path of the client's body for a path such as `messages.2.content.0.text` of the request that was made from it.
   * `undefined` if the message was not read from the body.
   */
  of(path: string, messages: readonly object[]): string | undefined {
    const [, index, rest = ''] = /^messages\.(\d+)(.*)$/.exec(path) ?? []
    const message = index === undefined ? undefined : messages[Number(index)]
    const content = message && this.#paths.get(message)
    if (message === undefined || content === undefined) return undefined
    const [, place, within = ''] = /^\.content\.(\d+)(.*)$/.exec(rest) ?? []
    const part = place === undefined ? undefined : this.#partPath(message, content, Number(place))
    if (part !== undefined) return part + within
    if (rest === '.content' || rest.startsWith('.content.')) return content + rest.slice('.content'.length)
    return parentOf(content) + rest
  }

  // Calls in a field of their own come behind the content of a message.
  #partPath(message: object, content: string, place: number): string | undefined {
    const { content: given, toolCalls = [] } = message as { content?: unknown; toolCalls?: readonly object[] }
    const parts: readonly object[] = Array.isArray(given) ? given : []
    const before = Array.isArray(given) ? given.length : given === '' ? 0 : 1
    if (place >= before && toolCalls.length > place - before)
      return `${parentOf(content)}.tool_calls.${place - before}.function`
    return this.#paths.get(parts[place] ?? {})
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')))
}
