import { chatApiCall } from 'llm-switchyard'
import { line, play, usageText } from './terminal.ts'

interface Question {
  readonly model: string
  readonly baseUrl: string | undefined
  readonly question: string
}

/** One question to a real provider, streamed. */
export async function ask({ model, baseUrl, question }: Question): Promise<void> {
  const content = question === '' ? 'Say hello in one sentence, and say who you are.' : question
  const startedAt = performance.now()
  const stream = await chatApiCall({ model, baseUrl, messages: [{ role: 'user', content }], stream: true })
  const firstMs = performance.now() - startedAt
  await play(stream.model.slice(0, 12), stream)
  const { usage, finishReason, warnings } = await stream.response
  line('usage', usageText(usage))
  line(
    'finish',
    `${finishReason}, first content after ${firstMs.toFixed(0)} ms, done after ${(performance.now() - startedAt).toFixed(0)} ms`,
  )
  for (const { message } of warnings) line('warning', message)
}
