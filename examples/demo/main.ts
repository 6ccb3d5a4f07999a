// npm run demo                                               the tour, against the built-in fake provider
// npm run demo -- --model groq/llama-3.3-70b "question"      a real provider, with its key in the environment
import { parseArgs } from 'node:util'
import { LlmError } from 'llm-switchyard'
import { ask } from './ask.ts'
import { showError } from './terminal.ts'
import { tour } from './tour.ts'

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { model: { type: 'string' }, 'base-url': { type: 'string' } },
  })
  if (values.model === undefined) await tour()
  else await ask({ model: values.model, baseUrl: values['base-url'], question: positionals.join(' ') })
} catch (error) {
  showError(error)
  if (!LlmError.is(error))
    console.log('Usage: npm run demo [-- --model provider/model [--base-url URL] "question"]')
  process.exitCode = 1
}
