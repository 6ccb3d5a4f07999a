import type { FakeRequest, ScriptedReply } from 'llm-switchyard/testing'

/** Returns the reply of the fake model: a tool call, reasoning, a long text or an error, as the prompt asks. */
export function fakeReply({ prompt, turns }: FakeRequest): ScriptedReply {
  const last = turns.at(-1)
  if (last?.role === 'tool')
    return paced(`Here is what the station says: ${last.toolResults[0]?.text ?? ''}`, 30)
  if (/weather/i.test(prompt)) {
    const city = /weather (?:in|of) ([\p{L} -]+)/iu.exec(prompt)?.[1] ?? 'Oslo'
    const reasoning = `The visitor asks for the weather. I have a tool for that; the city is ${city}.`
    return {
      reasoning,
      text: 'Let me look that up. ',
      toolCalls: [{ name: 'get_weather', arguments: { city } }],
    }
  }
  if (/\b(fail|error)\b/i.test(prompt)) return { error: 'overloaded' }
  if (/think/i.test(prompt)) {
    const reasoning =
      'First I consider what was asked. Then I look for what follows from it. Nothing much, it seems.'
    return { ...paced('I have thought about it, and the answer is 42.', 40), reasoning }
  }
  if (/story|long/i.test(prompt)) return paced(story(), 18)
  return paced(
    `You said "${prompt}". No model was asked: this is the fake provider, and it speaks slowly so that you can watch. Ask for the weather in Oslo, a long story, to think, or to fail.`,
    25,
  )
}

function paced(text: string, betweenMs: number): Exclude<ScriptedReply, string> {
  return { text, pacing: { betweenMs } }
}

function story(): string {
  const stations = ['Aldermoor', 'Brackenfell', 'Copperhill', 'Dunwater', 'Elmsworth', 'Foxley', 'Greystone']
  return stations
    .map(
      (name, index) =>
        `Part ${index + 1}. The night train reached ${name} a little late, and the signalman set the points by hand, one lamp after the other, until the line lay open before it.`,
    )
    .join('\n\n')
}
