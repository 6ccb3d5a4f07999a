import { LlmError } from '../core/error.ts'
import type { TemplateEngine } from './engine.ts'
import { type PromptPart, promptParts, type PromptTemplate } from './prompt-template.ts'

/** A placeholder of one part of a prompt template. */
export interface Placeholder {
  readonly part: PromptPart
  readonly name: string
}

/** How the declared placeholders of a prompt template match its texts and the data. */
export interface PlaceholderReport {
  /** Required placeholders without a value in the data. Empty if no data was given. */
  readonly missing: readonly Placeholder[]
  /** Placeholders that a text uses but the template does not declare. Empty if the template declares none. */
  readonly unknown: readonly Placeholder[]
  /** Placeholders that are declared but not used. */
  readonly unused: readonly Placeholder[]
  /** Parts whose text is not a valid template, with the reason. Without a part: the template itself is not valid. */
  readonly broken: readonly { readonly part?: PromptPart | undefined; readonly message: string }[]
}

/** The placeholder of each part that holds the text of the message. */
export const chatNames: Readonly<Record<PromptPart, string>> = Object.freeze({
  system: 'original_system_message_from_request',
  user: 'message_content',
  assistant: 'message_content',
})

const OPTIONAL = '?'

/** Compares the placeholders that a template declares with its texts and the data. Runs no getter of the data. */
export function checkPlaceholdersWith(
  engine: TemplateEngine,
  template: PromptTemplate,
  data?: object,
): PlaceholderReport {
  const broken: { part: PromptPart; message: string }[] = []
  const parts = promptParts.flatMap((part) => {
    const source = template[part]
    if (source === undefined) return []
    const used = namesIn(engine, source, (message) => broken.push({ part, message }))
    return [{ part, used, declared: declaredIn(template, part) }]
  })
  const everywhere = new Set(parts.flatMap(({ used }) => used))
  const isFlat = Array.isArray(template.placeholders)
  const unused = parts.flatMap(({ part, used, declared }) =>
    pick(part, declared, (name) => !(isFlat ? everywhere.has(name) : used.includes(name))),
  )
  const unknown = parts.flatMap(({ part, used, declared }) =>
    pick(part, used, (name) => !declared.includes(name) && name !== chatNames[part]),
  )
  return {
    missing: data === undefined ? [] : parts.flatMap(({ part }) => missingIn(template, part, data)),
    unknown: template.placeholders === undefined ? [] : unknown,
    unused,
    broken,
  }
}

/** Returns the required placeholders of a part that have no value in the data. */
export function missingIn(template: PromptTemplate, part: PromptPart, data: object): Placeholder[] {
  const required = entriesFor(template, part).filter((entry) => !entry.endsWith(OPTIONAL))
  return pick(part, required, (name) => name !== chatNames[part] && !hasValue(data, name))
}

function pick(part: PromptPart, names: readonly string[], wanted: (name: string) => boolean): Placeholder[] {
  return names.filter(wanted).map((name) => ({ part, name }))
}

function namesIn(
  engine: TemplateEngine,
  source: string,
  report: (message: string) => void,
): readonly string[] {
  try {
    return engine.compileTemplate(source).names
  } catch (error) {
    report(LlmError.is(error) ? error.message : 'the text is not a valid template')
    return []
  }
}

function declaredIn(template: PromptTemplate, part: PromptPart): readonly string[] {
  return entriesFor(template, part).map((entry) => (entry.endsWith(OPTIONAL) ? entry.slice(0, -1) : entry))
}

function entriesFor({ placeholders }: PromptTemplate, part: PromptPart): readonly string[] {
  if (placeholders === undefined) return []
  return 'length' in placeholders ? placeholders : (placeholders[part] ?? [])
}

function hasValue(data: object, name: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(data, name)
  return descriptor !== undefined && (descriptor.get !== undefined || descriptor.value !== undefined)
}
