import type { FileHandle } from 'node:fs/promises'
import { LlmError } from '../core/error.ts'
import { parseJson } from '../core/json.ts'
import { definePromptTemplate, isPromptName, type PromptTemplate } from './prompt-template.ts'

/** The content of a file: its template, or the reason why it has none. */
export type PromptFile = { readonly template: PromptTemplate } | { readonly problem: string }

interface CachedFile {
  /** Changes whenever the file changes. */
  readonly stamp: string
  readonly file: PromptFile
}

const ENDING = '.json'

/**
 * The prompt templates of a folder: one JSON file per template, named after it. Reads a file on demand, and again
 * after it has changed. Opens only regular files that are, after links are resolved, inside the folder.
 */
export class PromptFolder {
  readonly #folder: string
  readonly #maxBytes: number
  readonly #cache = new Map<string, CachedFile>()

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  /** Returns the names of all templates, sorted. Returns none if the folder is unreadable. */
  async names(): Promise<string[]> {
    const { readdir } = await import('node:fs/promises')
    const files = await readdir(this.#folder).catch(() => [])
    return files
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length))
      .filter((name) => isPromptName(name))
      .toSorted()
  }

  /** Reads the file of this name. `undefined` if the name is invalid, or the file is missing or outside the folder. */
  async read(name: string): Promise<PromptFile | undefined> {
    if (!isPromptName(name)) return undefined
    const path = await this.#pathOf(name)
    const found = path === undefined ? undefined : await this.#load(name, path)
    if (found === undefined) this.#cache.delete(name)
    return found
  }

  async #pathOf(name: string): Promise<string | undefined> {
    const { realpath, stat } = await import('node:fs/promises')
    const { join, sep } = await import('node:path')
    try {
      const folder = await realpath(this.#folder)
      const path = await realpath(join(folder, `${name}${ENDING}`))
      const inside = path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
      // Opening a pipe or a device could block forever.
      return inside && (await stat(path)).isFile() ? path : undefined
    } catch {
      return undefined
    }
  }

  async #load(name: string, path: string): Promise<PromptFile | undefined> {
    const { constants, open } = await import('node:fs/promises')
    let handle: FileHandle | undefined
    try {
      // O_NOFOLLOW, because the path is resolved: a link there now was created after the check.
      handle = await open(
        path,
        constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
      )
      const { ino, size, mtimeMs, ctimeMs } = await handle.stat()
      const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`
      const known = this.#cache.get(name)
      if (known?.stamp === stamp) return known.file
      const file =
        size > this.#maxBytes ? tooLarge(this.#maxBytes) : parse(name, await handle.readFile('utf8'))
      this.#cache.set(name, { stamp, file })
      return file
    } catch {
      return undefined
    } finally {
      await handle?.close()
    }
  }
}

function tooLarge(maxBytes: number): PromptFile {
  return { problem: `the file is larger than ${maxBytes} bytes; shorten it or raise maxFileBytes` }
}

function parse(name: string, text: string): PromptFile {
  const value = parseJson(text.startsWith('\uFEFF') ? text.slice(1) : text)
  return value === undefined ? { problem: 'the file is not valid JSON' } : readPrompt(value, name)
}

/** Validates a template, and returns the reason if it is none. */
export function readPrompt(value: unknown, name?: string): PromptFile {
  try {
    return { template: definePromptTemplate(value, name) }
  } catch (error) {
    return { problem: LlmError.is(error) ? error.message : 'it is no prompt template' }
  }
}
