export { fitAnswer, fitTools } from './enforce-schema.ts'
export { restoreValue, restoreArguments } from './schema-values.ts'
