import { type AppliedTemplate, applyTemplateWith } from './apply.ts'
import { createTemplateEngine, type TemplateEngine, type TemplateOptions } from './engine.ts'
import { checkPlaceholdersWith, type PlaceholderReport } from './placeholders.ts'
import type { PromptTemplate } from './prompt-template.ts'

// One cache for all who have no engine of their own.
const shared: TemplateEngine = /* @__PURE__ */ createTemplateEngine()

/** Renders a template with plain JSON data. Throws `template-failed` and nothing else; the message holds no data. */
export const renderTemplate: TemplateEngine['renderTemplate'] = shared.renderTemplate

/** Compiles a template; the same source is compiled once. Throws `template-failed`. */
export const compileTemplate: TemplateEngine['compileTemplate'] = shared.compileTemplate

/** Renders a template, or gives it back as it is with a warning. Never throws. */
export const applyTemplate = (source: string, data?: unknown, options?: TemplateOptions): AppliedTemplate =>
  applyTemplateWith(shared, source, data, options)

/** Compares the declared placeholders of a prompt template with its texts and, where given, with the data. */
export const checkPlaceholders = (template: PromptTemplate, data?: object): PlaceholderReport =>
  checkPlaceholdersWith(shared, template, data)

export {
  createTemplateEngine,
  type Template,
  type TemplateEngine,
  type TemplateEngineOptions,
  type TemplateOptions,
} from './engine.ts'
export { defaultTemplateLimits, type TemplateLimits } from './limits.ts'
export type { AppliedTemplate } from './apply.ts'
export type { LayoutOptions } from './parse.ts'
export { bundledPromptTemplates } from './bundled-prompts.ts'
export type { Placeholder, PlaceholderReport } from './placeholders.ts'
export {
  createPromptLibrary,
  type PromptLibrary,
  type PromptLibraryOptions,
  type PromptListing,
} from './prompt-library.ts'
export {
  definePromptTemplate,
  isPromptName,
  type Placeholders,
  type PromptPart,
  type PromptTemplate,
} from './prompt-template.ts'
export { createTemplatePool, type TemplatePool, type TemplatePoolOptions } from './pool.ts'
export { serveTemplates } from './serve.ts'
