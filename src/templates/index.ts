import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import {
  type AppliedTemplate,
  applyTemplateWith,
  createTemplateEngine,
  type TemplateEngine,
  type TemplateOptions,
} from './engine.ts'
import { checkPlaceholdersWith, type PlaceholderReport } from './placeholders.ts'
import type { PromptTemplate } from './prompt-template.ts'

// The functions below share one engine and its cache.
const shared: TemplateEngine = /* @__PURE__ */ createTemplateEngine()

/**
 * Renders a template with plain JSON data. Throws `misconfigured` for an invalid option, and otherwise `template-failed` and
 * no other error; the message contains no data.
 */
export const renderTemplate: TemplateEngine['renderTemplate'] = shared.renderTemplate

/** Compiles a template and caches it by source. Throws `template-failed` if the template is invalid. */
export const compileTemplate: TemplateEngine['compileTemplate'] = shared.compileTemplate

/** Renders a template. Returns the source with a warning if rendering fails; never throws. */
export const applyTemplate = (source: string, data?: unknown, options?: TemplateOptions): AppliedTemplate =>
  applyTemplateWith(shared, source, data, options)

/** Compares the declared placeholders of a prompt template with its texts and, if given, with the data. */
export const checkPlaceholders = (template: PromptTemplate, data?: object): PlaceholderReport => {
  checkArguments(
    'checkPlaceholders',
    { template: argument.object, data: optional.object },
    { template, data },
  )
  return checkPlaceholdersWith(shared, template, data)
}

export {
  type AppliedTemplate,
  createTemplateEngine,
  type Template,
  type TemplateEngine,
  type TemplateEngineOptions,
  type TemplateOptions,
} from './engine.ts'
export { defaultTemplateLimits, type TemplateLimits } from './limits.ts'
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
