import { openaiChat } from '../../dialects/index.ts'
import type { ProviderDefinition } from '../../core/provider.ts'
import { catalogue } from '../../providers/index.ts'

/** The fields that compatible vendors of the catalogue add to chat completions. */
export const compatibleFields: ReadonlySet<string> = /* @__PURE__ */ new Set(catalogue.flatMap(fieldsOf))

function fieldsOf(definition: ProviderDefinition): string[] {
  const formats = [definition, ...Object.values(definition.apis ?? {})]
  return formats.filter(({ dialect }) => dialect.id === openaiChat.id).flatMap(formatFields)
}

function formatFields({ models = {}, ...format }: Partial<ProviderDefinition>): string[] {
  return [format, ...Object.values(models)].flatMap(({ params = {}, body = {}, quirks = {} }) => [
    ...Object.values(params).flatMap(({ to }) => to?.split('.')[0] ?? []),
    ...Object.keys(body),
    ...Object.keys((quirks['prefillBody'] as object | undefined) ?? {}),
    ...[quirks['budgetField']].filter((field) => typeof field === 'string'),
    ...(quirks['reasoningDisabled'] === true ? ['reasoning'] : []),
  ])
}
