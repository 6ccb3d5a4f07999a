export { anthropicTools } from './anthropic.ts'
export { novaTools } from './bedrock.ts'
export { googleTools, vertexTools } from './google.ts'
export { groqCompoundTools, groqTools } from './groq.ts'
export { mistralTools } from './mistral.ts'
export { openaiSearch, openaiTools } from './openai-tools.ts'
export { openrouterTools } from './openrouter.ts'
export { xaiTools } from './xai.ts'

type Names = () => Promise<readonly string[]>

/** Fields of OpenAI's chat completions that most servers accept, with more of one provider. */
export function chatFieldsAnd(...more: readonly string[]): Names {
  return () => import('./chat.ts').then(({ chatFields }) => [...chatFields, ...more])
}
/** Fields of OpenAI's chat completions, for the calls that check names. */
export const chatOptions: Names = () => import('./openai.ts').then((names) => names.chatOptions)
/** Fields of OpenAI's responses, for the calls that check names. */
export const responsesOptions: Names = () => import('./openai.ts').then((names) => names.responsesOptions)
