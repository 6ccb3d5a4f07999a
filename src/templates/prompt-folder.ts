import type { FileHandle } from 'node:fs/promises'
import { LlmError } from '../core/error.ts'
import { parseJson } from '../core/json.ts'
import { definePromptTemplate, isPromptName, type PromptTemplate } from './prompt-template.ts'

/** A file of a folder: its template, or why it has none. */
export type PromptFile = { readonly template: PromptTemplate } | { readonly problem: string }

interface Known {
  /** What changes when the file does. */
  readonly stamp: string
  readonly file: PromptFile
}

const ENDING = '.json'

/**
 * The prompt templates of a folder, one JSON file each, named after it. Files are read when they are asked for, and
 * again after they have changed; only regular files inside the folder are ever opened, links included.
 */
export class PromptFolder {
  readonly #folder: string
  readonly #maxBytes: number
  readonly #known = new Map<string, Known>()

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  /** The names of all templates, sorted. An unreadable folder has none. */
  async names(): Promise<string[]> {
    const { readdir } = await import('node:fs/promises')
    const files = await readdir(this.#folder).catch(() => [])
    return files
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length))
      .filter((name) => isPromptName(name))
      .toSorted()
  }

  /** The file of this name; undefined for a name that is none, and for a file that is not there or leads elsewhere. */
  async read(name: string): Promise<PromptFile | undefined> {
    if (!isPromptName(name)) return undefined
    const path = await this.#pathOf(name)
    const found = path === undefined ? undefined : await this.#load(name, path)
    if (found === undefined) this.#known.delete(name)
    return found
  }

  async #pathOf(name: string): Promise<string | undefined> {
    const { realpath, stat } = await import('node:fs/promises')
    const { join, sep } = await import('node:path')
    try {
      const folder = await realpath(this.#folder)
      const path = await realpath(join(folder, `${name}${ENDING}`))
      const inside = path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
      // Opening a pipe or a device could wait for ever.
      return inside && (await stat(path)).isFile() ? path : undefined
    } catch {
      return undefined
    }
  }

  async #load(name: string, path: string): Promise<PromptFile | undefined> {
    const { constants, open } = await import('node:fs/promises')
    let handle: FileHandle | undefined
    try {
      // The path is resolved: a link in its place now was put there since.
      handle = await open(
        path,
        constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
      )
      const { ino, size, mtimeMs, ctimeMs } = await handle.stat()
      const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`
      const known = this.#known.get(name)
      if (known?.stamp === stamp) return known.file
      const file =
        size > this.#maxBytes ? tooLarge(this.#maxBytes) : parse(name, await handle.readFile('utf8'))
      this.#known.set(name, { stamp, file })
      return file
    } catch {
      return undefined
    } finally {
      await handle?.close()
    }
  }
}

function tooLarge(maxBytes: number): PromptFile {
  return { problem: `the file is larger than ${maxBytes} bytes` }
}

function parse(name: string, text: string): PromptFile {
  const value = parseJson(text.startsWith('\uFEFF') ? text.slice(1) : text)
  if (value === undefined) return { problem: 'the file is no valid JSON' }
  try {
    return { template: definePromptTemplate(value, name) }
  } catch (error) {
    return { problem: LlmError.is(error) ? error.message : 'the file holds no prompt template' }
  }
}
