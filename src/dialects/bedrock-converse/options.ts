import type { OptionNames } from '../../core/dialect.ts'

/** Names that `providerOptions` may have; those of a request with their places. */
export const options: OptionNames = {
  request: [
    'additionalModelRequestFields',
    'additionalModelResponseFieldPaths',
    'guardrailConfig',
    'inferenceConfig',
    'outputConfig',
    'performanceConfig',
    'promptVariables',
    'requestMetadata',
    'serviceTier',
    'system',
    'toolConfig',
  ],
  places: {
    message: 'content role',
    part: 'audio cachePoint citationsContent document guardContent image reasoningContent searchResult text toolAddition toolRemoval toolResult toolUse video',
    tool: 'cachePoint systemTool toolSpec',
  },
}
