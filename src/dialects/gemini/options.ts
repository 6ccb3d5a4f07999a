import type { OptionNames } from '../../core/dialect.ts'

/** Names that `providerOptions` may have; those of a request with their places. */
export const options: OptionNames = {
  request: [
    'cachedContent',
    'continuationToken',
    'labels',
    'modelArmorConfig',
    'safetySettings',
    'serviceTier',
    'store',
    'systemInstruction',
    'toolConfig',
    'tools',
    'generationConfig.audioTimestamp',
    'generationConfig.candidateCount',
    'generationConfig.enableAffectiveDialog',
    'generationConfig.enableEnhancedCivicAnswers',
    'generationConfig.imageConfig',
    'generationConfig.mediaResolution',
    'generationConfig.modelSelectionConfig',
    'generationConfig.responseJsonSchema',
    'generationConfig.responseMimeType',
    'generationConfig.responseModalities',
    'generationConfig.responseSchema',
    'generationConfig.routingConfig',
    'generationConfig.speechConfig',
    'generationConfig.thinkingConfig',
  ],
  places: {
    message: 'parts role',
    part: 'codeExecutionResult executableCode fileData functionCall functionResponse inlineData mediaProcessing mediaResolution partMetadata speechMetadata text thought thoughtSignature toolCall toolResponse videoMetadata',
    tool: 'name description parameters parametersJsonSchema response responseJsonSchema behavior',
  },
}
