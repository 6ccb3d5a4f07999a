import type { Warning } from '../core/response.ts'
import { type AppliedTemplate, applyTemplateWith } from './apply.ts'
import { bundledPromptTemplates, passthrough } from './bundled-prompts.ts'
import { createTemplateEngine, type TemplateEngine } from './engine.ts'
import { chatNames, checkPlaceholdersWith, missingIn, type PlaceholderReport } from './placeholders.ts'
import { PromptFolder } from './prompt-folder.ts'
import {
  definePromptTemplate,
  isPromptName,
  type PromptPart,
  type PromptTemplate,
} from './prompt-template.ts'

/** Where prompt templates come from. */
export interface PromptLibraryOptions {
  /** A folder of JSON files, each named after its template. They come before all others of the same name. */
  readonly folder?: string | undefined
  /** Templates as objects; they come before bundled ones of the same name. */
  readonly templates?: readonly PromptTemplate[] | undefined
  /** Leaves out the templates that come with the library, the passthrough excepted. Default false. */
  readonly withoutBundled?: boolean | undefined
  /** Largest file that is read, in bytes. Default 1 048 576. */
  readonly maxFileBytes?: number | undefined
  /** Renders the templates. Default: an engine of its own with the default limits. */
  readonly engine?: TemplateEngine | undefined
}

/** One line of the list of a library. */
export interface PromptListing {
  readonly name: string
  readonly description: string | undefined
  readonly origin: 'folder' | 'object' | 'bundled'
  /** Why the template cannot be used, where that is so. */
  readonly problem?: string | undefined
}

/** Prompt templates by their names. */
export interface PromptLibrary {
  /** The template of this name as it is now: a file that has changed is read again. `null` where there is none, and for names that no template may have. */
  get(name: string): Promise<PromptTemplate | null>
  /** All templates, sorted by name. */
  list(): Promise<PromptListing[]>
  /**
   * One part of a chat as the template wants it; `text` is the message. An unknown template leaves the text as it is,
   * a template that fails gives itself, a declared placeholder without data is empty: each with a warning.
   */
  apply(
    name: string | PromptTemplate,
    part: PromptPart,
    text: string,
    data?: object,
  ): Promise<AppliedTemplate>
  /** Compares declared placeholders with the texts and, where given, with the data. `null` where there is no such template. */
  check(name: string | PromptTemplate, data?: object): Promise<PlaceholderReport | null>
}

const MAX_FILE_BYTES = 1_048_576

/** Makes a library. Throws `template-failed` where one of `templates` is none. */
export function createPromptLibrary(options: PromptLibraryOptions = {}): PromptLibrary {
  const { folder, templates = [], withoutBundled = false, maxFileBytes = MAX_FILE_BYTES } = options
  const engine = options.engine ?? createTemplateEngine()
  const files = folder === undefined ? undefined : new PromptFolder(folder, maxFileBytes)
  const objects = byName(templates.map((template) => definePromptTemplate(template)))
  const bundled = byName(withoutBundled ? [passthrough] : bundledPromptTemplates)

  const get = async (name: string): Promise<PromptTemplate | null> => {
    if (!isPromptName(name)) return null
    const file = await files?.read(name)
    if (file !== undefined) return 'template' in file ? file.template : null
    return objects.get(name) ?? bundled.get(name) ?? null
  }
  const find = (name: string | PromptTemplate): Promise<PromptTemplate | null> | PromptTemplate =>
    typeof name === 'string' ? get(name) : name

  return {
    get,
    list: async () => {
      const found = new Map<string, PromptListing>()
      for (const template of bundled.values()) found.set(template.name, listing(template, 'bundled'))
      for (const template of objects.values()) found.set(template.name, listing(template, 'object'))
      for (const name of (await files?.names()) ?? []) {
        const file = await files?.read(name)
        if (file !== undefined) found.set(name, fileListing(name, file))
      }
      return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    },
    apply: async (name, part, text, data = {}) => {
      const template = await find(name)
      if (template !== null) return applyPart(engine, template, { part, text, data })
      return { text, warnings: [warning('There is no prompt template of the name that was given.')] }
    },
    check: async (name, data) => {
      const template = await find(name)
      return template === null ? null : checkPlaceholdersWith(engine, template, data)
    },
  }
}

interface PartInput {
  readonly part: PromptPart
  readonly text: string
  readonly data: object
}

function applyPart(
  engine: TemplateEngine,
  template: PromptTemplate,
  { part, text, data }: PartInput,
): AppliedTemplate {
  const source = template[part]
  if (source === undefined) return { text, warnings: [] }
  const applied = applyTemplateWith(engine, source, withField(data, chatNames[part], text))
  const missing = missingIn(template, part, data).map(({ name }) =>
    warning(`The placeholder \`${name}\` of the prompt template ${template.name} has no value.`),
  )
  return { text: applied.text, warnings: [...applied.warnings, ...missing] }
}

/** The data with one more field. Descriptors are copied, so that no getter runs. */
function withField(data: object, name: string, value: string): object {
  const field = { [name]: { value, enumerable: true } }
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(data), ...field })
}

function byName(templates: readonly PromptTemplate[]): ReadonlyMap<string, PromptTemplate> {
  return new Map(templates.map((template) => [template.name, template]))
}

function listing({ name, description }: PromptTemplate, origin: PromptListing['origin']): PromptListing {
  return { name, description, origin }
}

function fileListing(
  name: string,
  file: NonNullable<Awaited<ReturnType<PromptFolder['read']>>>,
): PromptListing {
  if ('template' in file) return listing(file.template, 'folder')
  return { name, description: undefined, origin: 'folder', problem: file.problem }
}

function warning(message: string): Warning {
  return { type: 'other', message }
}
