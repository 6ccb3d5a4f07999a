export { fitAnswer, fitTools } from './enforce-schema.ts'
export { restoreValue, restoreArguments } from './schema-values.ts'
export { parseAnswer, readAnswer, type ReadAnswer } from './structured-answer.ts'
export { linesOf } from './schema-parts.ts'
