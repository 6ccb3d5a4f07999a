import { checkOptions, optionsSchema } from '../core/options.ts'
import type { Warning } from '../core/response.ts'
import {
  flag,
  kind,
  nonEmptyText,
  orInfinity,
  positiveCount,
  withMethods,
  type Group,
} from '../core/schema.ts'
import { bundledPromptTemplates, passthrough } from './bundled-prompts.ts'
import {
  type AppliedTemplate,
  applyTemplateWith,
  createTemplateEngine,
  type TemplateEngine,
} from './engine.ts'
import { chatNames, checkPlaceholdersWith, missingIn, type PlaceholderReport } from './placeholders.ts'
import { PromptFolder, readPrompt, type PromptFile } from './prompt-folder.ts'
import {
  definePromptTemplate,
  isPromptName,
  type PromptPart,
  type PromptTemplate,
} from './prompt-template.ts'

/** Options of a prompt library. */
export interface PromptLibraryOptions {
  /** A folder of JSON files, each named after its template. They override all other templates of the same name. */
  readonly folder?: string | undefined
  /** Templates as objects. They override bundled templates of the same name. */
  readonly templates?: readonly PromptTemplate[] | undefined
  /** Whether the bundled templates, except `passthrough`, are left out. Default false. */
  readonly withoutBundled?: boolean | undefined
  /** Maximum size of a file, in bytes. Default 1 048 576; `Infinity` for no maximum. */
  readonly maxFileBytes?: number | undefined
  /** The engine that renders the templates. Default: a new engine with the default limits. */
  readonly engine?: TemplateEngine | undefined
}

/** The schema of {@link PromptLibraryOptions}. The fields of templates are checked by `definePromptTemplate`. */
export const promptLibrarySchema: Group = optionsSchema<PromptLibraryOptions>()(() => ({
  folder: nonEmptyText,
  templates: kind('a list', Array.isArray),
  withoutBundled: flag,
  maxFileBytes: orInfinity(positiveCount),
  engine: withMethods('renderTemplate', 'compileTemplate'),
}))

/** An entry of `PromptLibrary.list`. */
export interface PromptListing {
  readonly name: string
  readonly description: string | undefined
  readonly origin: 'folder' | 'object' | 'bundled'
  /** Why the template cannot be used. `undefined` if it can. */
  readonly problem?: string | undefined
}

/** Prompt templates by name. */
export interface PromptLibrary {
  /** Returns the current template of this name; a changed file is read again. `null` if there is none or the name is invalid. */
  get(name: string): Promise<PromptTemplate | null>
  /** Lists all templates, sorted by name. */
  list(): Promise<PromptListing[]>
  /**
   * Applies a template to one part of a chat; `text` is the message. Never fails, but adds a warning: an unknown template
   * returns the text unchanged, a template that fails returns its source, and a placeholder without data is empty.
   */
  apply(
    name: string | PromptTemplate,
    part: PromptPart,
    text: string,
    data?: object,
  ): Promise<AppliedTemplate>
  /** Compares declared placeholders with the texts and, if given, with the data. `null` if the template is unknown. */
  check(name: string | PromptTemplate, data?: object): Promise<PlaceholderReport | null>
}

const MAX_FILE_BYTES = 1_048_576

/**
 * Creates a prompt library. Throws `misconfigured` if an option is unknown or invalid, and `template-failed` if one of
 * `templates` is.
 */
export function createPromptLibrary(options: PromptLibraryOptions = {}): PromptLibrary {
  checkOptions('createPromptLibrary', promptLibrarySchema, options)
  const { folder, templates = [], withoutBundled = false, maxFileBytes = MAX_FILE_BYTES } = options
  const engine = options.engine ?? createTemplateEngine()
  const files = folder === undefined ? undefined : new PromptFolder(folder, maxFileBytes)
  const objects = byName(templates.map((template) => definePromptTemplate(template)))
  const bundled = byName(withoutBundled ? [passthrough] : bundledPromptTemplates)

  const defined = new WeakMap<object, PromptFile>()
  const find = async (name: string | PromptTemplate): Promise<PromptFile | undefined> => {
    if (typeof name === 'object' && name !== null) return ofObject(name, defined)
    if (!isPromptName(name)) return undefined
    const file = await files?.read(name)
    if (file !== undefined) return file
    const template = objects.get(name) ?? bundled.get(name)
    return template && { template }
  }

  return {
    get: async (name) => {
      const found = typeof name === 'string' ? await find(name) : undefined
      return found !== undefined && 'template' in found ? found.template : null
    },
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
      const found = await find(name)
      if (found === undefined) return { text, warnings: [warning(unknownPrompt(name))] }
      if ('template' in found) return applyPart(engine, found.template, { part, text, data })
      return { text, warnings: [warning(`${unusable(name)}: ${found.problem}. The text is unchanged.`)] }
    },
    check: async (name, data) => {
      const found = await find(name)
      if (found === undefined) return null
      if ('template' in found) return checkPlaceholdersWith(engine, found.template, data)
      return { missing: [], unknown: [], unused: [], broken: [{ part: undefined, message: found.problem }] }
    },
  }
}

function ofObject(value: PromptTemplate, defined: WeakMap<object, PromptFile>): PromptFile {
  const known = defined.get(value)
  if (known !== undefined) return known
  const found = readPrompt(value)
  // A frozen object stays as it was checked.
  if (Object.isFrozen(value)) defined.set(value, found)
  return found
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
    warning(
      `The placeholder \`${name}\` of the prompt template "${template.name}" has no value; pass it in data.`,
    ),
  )
  return { text: applied.text, warnings: [...applied.warnings, ...missing] }
}

/** Returns the data with one more field. Copies descriptors, so that no getter runs. */
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

function unknownPrompt(name: unknown): string {
  return `Unknown prompt template "${String(name).slice(0, 100)}"; list() returns the known ones. The text is unchanged.`
}

function unusable(name: string | PromptTemplate): string {
  const own: unknown = typeof name === 'string' ? name : name.name
  return `The prompt template "${String(own).slice(0, 100)}" was not used`
}

function warning(message: string): Warning {
  return { type: 'other', message }
}
